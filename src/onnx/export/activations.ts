import { withDefaults } from "../../io/proto/messages.ts";
import { float } from "../graph/attributes.ts";
import type { Axis } from "../graph/axes.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { asFloat, clip, leakyRelu, line } from "../graph/operators.ts";
import type { Site, Translation } from "./site.ts";

const alone =
  (type: string): Translation =>
  ({ graph, x }) =>
    graph.op(type, [x.value]);

/** log(1 + eˣ), which ONNX has too. */
const bnll = alone("Softplus");

const clipped: Translation = ({ graph, x, param }) => {
  const { min = 0, max = 0 } = param.clip_param ?? {};
  return clip(graph, x.value, min, max);
};

const elu: Translation = ({ graph, x, param }) =>
  exponential(graph, x.value, withDefaults("ELUParameter", param.elu_param).alpha, 1);

const selu: Translation = ({ graph, x, param }) => {
  const { lambda = 1.050700987, alpha = 1.67326324 } = param.selu_param ?? {};
  return exponential(graph, x.value, alpha, lambda);
};

/** λ·x where x > 0, else λ·α·(eˣ − 1). */
function exponential(g: GraphBuilder, x: string, alpha: number, lambda: number): string {
  return line(g, g.op("Elu", [x], { alpha: float(alpha) }), lambda, 0);
}

const exp: Translation = ({ graph: g, x, param }) => {
  const { base, scale, shift } = withDefaults("ExpParameter", param.exp_param);
  const log = base === -1 ? 1 : Math.log(base);
  return g.op("Exp", [line(g, x.value, log * scale, log * shift)]);
};

const log: Translation = ({ graph: g, x, param }) => {
  const { base, scale, shift } = withDefaults("LogParameter", param.log_param);
  const y = g.op("Log", [line(g, x.value, scale, shift)]);
  return line(g, y, base === -1 ? 1 : 1 / Math.log(base), 0);
};

const power: Translation = ({ graph: g, x, param }) => {
  const { power: exponent, scale, shift } = withDefaults("PowerParameter", param.power_param);
  const inner = line(g, x.value, scale, shift);
  if (exponent === 1) return inner;
  if (exponent === 2) return g.op("Mul", [inner, inner]);
  if (exponent === 0.5) return g.op("Sqrt", [inner]);
  return g.op("Pow", [inner, g.floats([exponent])]);
};

const relu: Translation = ({ graph, x, param }) =>
  leakyRelu(graph, x.value, param.relu_param?.negative_slope ?? 0);

const relu6: Translation = ({ graph: g, x, param }) => {
  const slope = param.relu6_param?.negative_slope ?? 0;
  if (slope === 0) return clip(g, x.value, 0, 6);
  return g.op("Min", [leakyRelu(g, x.value, slope), g.floats([6])]);
};

/** In TEST the slopes are all their mean. */
const randomSlope =
  (bounds: (at: Site) => { readonly lb: number; readonly ub: number }): Translation =>
  (at) => {
    const { lb, ub } = bounds(at);
    const divisor = (ub - lb) / (Math.log(Math.abs(ub)) - Math.log(Math.abs(lb)));
    return leakyRelu(at.graph, at.x.value, 1 / divisor);
  };

const prelu: Translation = (at) => {
  const { graph: g, x, blobs } = at;
  const length = blobs[0]?.count() ?? 1;
  const slope = at.weights(0, "slope", [length, ...x.axes.slice(2).map(() => 1)]);
  return g.op("PRelu", [x.value, slope]);
};

const hardSwish: Translation = ({ graph: g, x }) => {
  if (g.opset >= 14) return g.op("HardSwish", [x.value]);
  const gate = g.op("HardSigmoid", [x.value], { alpha: float(1 / 6), beta: float(0.5) });
  return g.op("Mul", [x.value, gate]);
};

const swish: Translation = ({ graph: g, x, param }) => {
  const { beta } = withDefaults("SwishParameter", param.swish_param);
  return g.op("Mul", [x.value, g.op("Sigmoid", [line(g, x.value, beta, 0)])]);
};

const threshold: Translation = ({ graph: g, x, param }) => {
  const { threshold: limit } = withDefaults("ThresholdParameter", param.threshold_param);
  return asFloat(g, g.op("Greater", [x.value, g.floats([limit])]));
};

/** max(x, 0) + Σ slope · max(offset − x, 0): the neurons of a sample in a row, their bends behind. */
const apl: Translation = (at) => {
  const { graph: g, x, blobs } = at;
  const sums = blobs[0]?.shape[2] ?? 1;
  const neurons = blobs[0]?.shape[3] ?? 1;
  const dims = [neurons, sums];
  const rows: Axis[] = [x.axes[0] as Axis, neurons, 1];
  const column = at.reshape(x.value, x.axes, rows);
  const gap = g.op("Relu", [g.op("Sub", [at.weights(1, "offset", dims), column])]);
  const bends = g.op("Mul", [at.weights(0, "slope", dims), gap]);
  const sum = g.op("MatMul", [bends, g.floats(new Float32Array(sums).fill(1), [sums, 1])]);
  const y = at.reshape(sum, rows, x.axes);
  return g.op("Add", [g.op("Relu", [x.value]), y]);
};

const unchanged: Translation = ({ x }) => x.value;

/** In TEST nothing happens, but for the form that does not scale in TRAIN, which scales then. */
const dropout: Translation = (at) => {
  const {
    dropout_ratio,
    scale_train = true,
    sample_weights_test,
  } = withDefaults("DropoutParameter", at.param.dropout_param);
  if (sample_weights_test) {
    at.fail(
      "sample_weights_test drops values in TEST too, which no operator of ONNX does. Expected it to be left out.",
    );
  }
  return line(at.graph, at.x.value, scale_train ? 1 : 1 - dropout_ratio, 0);
};

/** Functions of single numbers. */
export const activations: Readonly<Record<string, Translation>> = {
  APL: apl,
  AbsVal: alone("Abs"),
  BNLL: bnll,
  Clip: clipped,
  Dropout: dropout,
  ELU: elu,
  Exp: exp,
  HardSwish: hardSwish,
  Insanity: randomSlope(({ param }) => withDefaults("InsanityParameter", param.insanity_param)),
  Log: log,
  PReLU: prelu,
  Power: power,
  RReLU: randomSlope(({ param }) => withDefaults("InsanityParameter", param.rrelu_param)),
  ReLU: relu,
  ReLU6: relu6,
  SeLU: selu,
  SeLu: selu,
  SeLuDropout: unchanged,
  Sigmoid: alone("Sigmoid"),
  SpatialDropout: dropout,
  Split: (at) => at.tops.map(() => at.x.value),
  Swish: swish,
  TanH: alone("Tanh"),
  Threshold: threshold,
};
