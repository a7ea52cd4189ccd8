/** By name of a rule: fields of a solver under which a small net learns something in some iterations, with momentum where the rule has it. */
export const updateRules = {
  SGD: "base_lr: 0.05 momentum: 0.9",
  Nesterov: "base_lr: 0.05 momentum: 0.9",
  AdaGrad: "base_lr: 0.05",
  RMSProp: "base_lr: 0.01 rms_decay: 0.9",
  AdaDelta: "base_lr: 1 momentum: 0.9 delta: 1e-6",
  Adam: "base_lr: 0.01 momentum: 0.9 momentum2: 0.99 delta: 1e-4",
  AdamW: "base_lr: 0.01 momentum: 0.9 momentum2: 0.99 delta: 1e-4",
} as const;
