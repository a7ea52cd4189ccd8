export { deadRelu } from "./dead-relu.ts";
export { explodingOrVanishing } from "./exploding-or-vanishing.ts";
export { firstLoss } from "./first-loss.ts";
export { noGradient } from "./no-gradient.ts";
