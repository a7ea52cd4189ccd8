import { withDefaults } from "../../io/proto/messages.ts";
import type { BatchNormLayer } from "../../layers/normalization/batch-norm.ts";
import { float } from "../graph/attributes.ts";
import type { Operand } from "../graph/axes.ts";
import { reduce } from "../graph/operators.ts";
import type { Site, Translation } from "./site.ts";

/** A learned blob, or bottom 1 in its place, with as many axes as bottom 0: over it from an axis on. */
function stretched(at: Site, index: number, what: string, from: number, given?: Operand): string {
  const own = at.blobs[index]?.shape ?? [];
  const before = at.x.axes.slice(0, from).map(() => 1);
  const behind = at.x.axes.slice(from + (given?.rank ?? own.length)).map(() => 1);
  if (!given) return at.weights(index, what, [...before, ...own, ...behind]);
  return at.reshape(given.value, given.axes, [...given.axes, ...behind]);
}

/** Where a vector begins on bottom 0: a single number lies anywhere. */
function startOf(at: Site, axis: number, rank: number): number {
  return rank === 0 ? at.x.rank : at.x.axis(axis);
}

const scale: Translation = (at) => {
  const { graph: g, x, bottoms, blobs, param } = at;
  const { axis, bias_term } = withDefaults("ScaleParameter", param.scale_param);
  const given = bottoms[1];
  const from = startOf(at, axis, given?.rank ?? blobs[0]?.shape.length ?? 0);
  const y = g.op("Mul", [x.value, stretched(at, 0, "scale", from, given)]);
  return bias_term ? g.op("Add", [y, stretched(at, given ? 0 : 1, "bias", from)]) : y;
};

const bias: Translation = (at) => {
  const { graph: g, x, bottoms, blobs, param } = at;
  const { axis } = withDefaults("BiasParameter", param.bias_param);
  const given = bottoms[1];
  const from = startOf(at, axis, given?.rank ?? blobs[0]?.shape.length ?? 0);
  return g.op("Add", [x.value, stretched(at, 0, "bias", from, given)]);
};

const batchNorm: Translation = (at) => {
  const { graph: g, x, blobs, param } = at;
  const { eps, add_eps_before_sqrt = true } = withDefaults(
    "BatchNormParameter",
    param.batch_norm_param,
  );
  const channels = x.rank === 1 ? 1 : x.length(1);
  if (!(at.layer as BatchNormLayer).usesRunningStatistics) {
    const [y] = normalized(at, eps);
    return blobs.length > 3 ? lined(at, y, 3, 4) : y;
  }
  const factor = (): number => {
    const sum = blobs[2]?.values()[0] ?? 0;
    return sum === 0 ? 0 : 1 / sum;
  };
  const statistic = (index: number): Float64Array =>
    Float64Array.from(blobs[index]?.values() ?? [], (value) => value * factor());
  const ones = new Float32Array(channels).fill(1);
  const vector = [channels];
  const names = [
    blobs[3] ? at.weights(3, "scale") : g.floats(ones, vector),
    blobs[4] ? at.weights(4, "bias") : g.floats(new Float32Array(channels), vector),
    at.made("mean", vector, () => statistic(0)),
    at.made("variance", vector, () =>
      add_eps_before_sqrt ? statistic(1) : statistic(1).map((v) => (Math.sqrt(v) + eps) ** 2),
    ),
  ];
  // ONNX has channels behind samples, always.
  const axes = x.rank === 1 ? [...x.axes, 1] : x.axes;
  const y = g.op("BatchNormalization", [at.reshape(x.value, x.axes, axes), ...names], {
    epsilon: float(add_eps_before_sqrt ? eps : 0),
  });
  return at.reshape(y, axes, x.axes);
};

/** (x − mean) / √(variance + eps) with the batch's own statistics; and those, with axes of length 1. */
function normalized(at: Site, eps: number): readonly [y: string, mean: string, variance: string] {
  const { graph: g, x } = at;
  const axes = x.axes.map((_, i) => i).filter((i) => i !== 1 || x.rank === 1);
  const mean = reduce(g, "ReduceMean", x.value, axes);
  const centered = g.op("Sub", [x.value, mean]);
  const variance = reduce(g, "ReduceMean", g.op("Mul", [centered, centered]), axes);
  const deviation = g.op("Sqrt", [g.op("Add", [variance, g.floats([eps])])]);
  return [g.op("Div", [centered, deviation]), mean, variance];
}

/** y · scale + bias, blobs of one number for each channel. */
function lined(at: Site, y: string, scaleIndex: number, biasIndex: number): string {
  const { graph: g, x, blobs } = at;
  const dims = x.axes.map((_, i) =>
    i === Math.min(1, x.rank - 1) ? (blobs[scaleIndex]?.count() ?? 1) : 1,
  );
  const scaled = g.op("Mul", [y, at.weights(scaleIndex, "scale", dims)]);
  return blobs[biasIndex] ? g.op("Add", [scaled, at.weights(biasIndex, "bias", dims)]) : scaled;
}

/** Two blobs are SegNet's, with the batch's statistics; four are PSPNet's. */
const bn: Translation = (at) => {
  const { graph: g, x, blobs, param } = at;
  const { bn_mode, eps = 1e-5 } = param.bn_param ?? {};
  if (blobs.length === 4) {
    const channels = [x.length(1)];
    const names = ["scale", "bias", "mean", "variance"].map((what, i) =>
      at.weights(i, what, channels),
    );
    return g.op("BatchNormalization", [x.value, ...names], { epsilon: float(eps) });
  }
  if (bn_mode === "INFERENCE") return lined(at, x.value, 0, 1);
  const [y, ...told] = normalized(at, 1e-9);
  const from = x.axes.map((axis, i) => (i === 1 ? axis : 1));
  const statistics = told.map((one) => at.reshape(one, from, [1, x.length(1), 1, 1]));
  return [lined(at, y, 0, 1), ...statistics].slice(0, at.tops.length);
};

/** Lines with learned factors and shifts, and normalisation by statistics. */
export const affine: Readonly<Record<string, Translation>> = {
  BN: bn,
  BatchNorm: batchNorm,
  Bias: bias,
  EltwiseAffine: scale,
  Scale: scale,
};
