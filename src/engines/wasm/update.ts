import type { Engine, Params } from "../engine.ts";
import type { Arrays } from "./arrays.ts";

/** A rule's number in wasm/updates.ts, and which of its own numbers are p and q there. */
interface Rule {
  readonly number: number;
  readonly p?: string;
  readonly q?: string;
}

const RULES: Readonly<Record<string, Rule>> = {
  SGD: { number: 0, p: "momentum" },
  Nesterov: { number: 1, p: "momentum" },
  AdaGrad: { number: 2 },
  RMSProp: { number: 3, p: "rms_decay" },
  AdaDelta: { number: 4, p: "momentum" },
  Adam: { number: 5, p: "beta1", q: "beta2" },
  AdamW: { number: 5, p: "beta1", q: "beta2" },
};

/** One step of a parameter in one pass over memory; a rule that is not known here runs in the reference's loop. */
export function wasmUpdate(arrays: Arrays, fallback: Engine): Engine["update"] {
  return (kernel, count, step, params, wMem, gMem, history) => {
    const rule = RULES[kernel.name];
    if (!rule) return fallback.update(kernel, count, step, params, wMem, gMem, history);
    const numbers: Params = params;
    const numberOf = (name: string | undefined): number => (name && numbers[name]) || 0;
    const [w, g] = [arrays.update(wMem), arrays.update(gMem)];
    const [a = 0, b = 0] = history.map((mem) => arrays.update(mem));
    const { rate, gradientScale, decay } = step;
    const isDecoupled = kernel.decoupledDecay === true;
    const isSound = arrays.kernels.update(
      rule.number,
      count,
      rate * (numbers["correction"] ?? 1),
      gradientScale,
      isDecoupled ? 0 : decay,
      isDecoupled ? rate * decay : 0,
      step.regularization === "L1",
      numberOf(rule.p),
      numberOf(rule.q),
      numberOf("delta"),
      w,
      g,
      a,
      b,
    );
    return isSound !== 0;
  };
}
