import { withDefaults } from "../../io/proto/messages.ts";
import { float } from "../graph/attributes.ts";
import type { Axis } from "../graph/axes.ts";
import { line, reduce } from "../graph/operators.ts";
import { pool } from "./pooling.ts";
import type { Site, Translation } from "./site.ts";

const lrn: Translation = (at) => {
  const { graph: g, x, param } = at;
  const { local_size, alpha, beta, k, norm_region } = withDefaults("LRNParameter", param.lrn_param);
  if (norm_region === "ACROSS_CHANNELS") {
    return g.op("LRN", [x.value], {
      size: local_size,
      alpha: float(alpha),
      beta: float(beta),
      bias: float(k),
    });
  }
  const margin = (local_size - 1) / 2;
  const [mean = ""] = pool(at, g.op("Mul", [x.value, x.value]), x.axes.slice(2), {
    method: "AVE",
    kernel: [local_size, local_size],
    stride: [1, 1],
    padding: { before: [margin, margin], behind: [margin, margin] },
    isCeiled: true,
    countsPadding: true,
  });
  return g.op("Mul", [x.value, g.op("Pow", [line(g, mean, alpha, k), g.floats([-beta])])]);
};

const mvn: Translation = (at) => {
  const { graph: g, x, y, param } = at;
  const { across_channels, normalize_variance, eps } = withDefaults(
    "MVNParameter",
    param.mvn_param,
  );
  // Missing axes count as ones behind those that are there.
  const four: Axis[] = [0, 1, 2, 3].map((i) => x.axes[i] ?? 1);
  const axes = across_channels ? [1, 2, 3] : [2, 3];
  const values = at.reshape(x.value, x.axes, four);
  const centered = g.op("Sub", [values, reduce(g, "ReduceMean", values, axes)]);
  if (!normalize_variance) return at.reshape(centered, four, y.axes);
  const variance = reduce(g, "ReduceMean", g.op("Mul", [centered, centered]), axes);
  const spread = g.op("Add", [g.op("Sqrt", [variance]), g.floats([eps])]);
  return at.reshape(g.op("Div", [centered, spread]), four, y.axes);
};

/** x / √(Σ x² + ε) over these axes. */
function unitLength(at: Site, axes: readonly number[], eps: number): string {
  const { graph: g, x } = at;
  const sum = reduce(g, "ReduceSumSquare", x.value, axes);
  return g.op("Div", [x.value, g.op("Sqrt", [g.op("Add", [sum, g.floats([eps])])])]);
}

/** Without a blob it is caffe-windows'. */
const normalize: Translation = (at) => {
  const { graph: g, x, blobs, param } = at;
  const { across_spatial, eps } = withDefaults("NormalizeParameter", param.norm_param);
  const [gamma] = blobs;
  const all = x.axes.map((_, i) => i).slice(1);
  if (!gamma) return unitLength(at, [1], 1e-6);
  const y = unitLength(at, across_spatial ? all : [1], eps);
  const dims = gamma.count() === 1 ? [] : [gamma.count(), ...x.axes.slice(2).map(() => 1)];
  return g.op("Mul", [y, at.weights(0, "scale", dims)]);
};

const grn: Translation = (at) => unitLength(at, [1], at.param.grn_param?.bias ?? 1e-7);

/** Values divided by what lies around them. */
export const normalizations: Readonly<Record<string, Translation>> = {
  GRN: grn,
  LRN: lrn,
  MVN: mvn,
  Normalize: normalize,
};
