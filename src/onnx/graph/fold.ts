/** Lines behind sums become part of their weights. */
import type { GraphBuilder, GraphNode } from "./graph-builder.ts";
import { elementsIn, type Tensor } from "./tensor.ts";

/** y = factor · x + summand, a number for each channel. */
interface Line {
  readonly factor: Float64Array;
  readonly summand: Float64Array;
}

/** A node whose second and third input are weights and a bias: how many channels it makes, and whose each weight is. */
interface Sum {
  readonly channels: number;
  readonly channelOf: (index: number) => number;
}

/**
 * Takes a line with constants (BatchNormalization, Mul, Add) into the weights of the node before it, where that is a sum
 * with constant weights (Conv, ConvTranspose, Gemm, BatchNormalization) whose result nothing else reads.
 *
 *     s · (W ∗ x + b) + t = (s · W) ∗ x + (s · b + t)
 *
 * @param outputs values that stay as they are
 */
export function foldLines(g: GraphBuilder, outputs: readonly string[]): void {
  const uses = new Map<string, number>();
  const count = (name: string): void => {
    uses.set(name, (uses.get(name) ?? 0) + 1);
  };
  for (const { inputs } of g.nodes) inputs.forEach(count);
  outputs.forEach(count);
  const makers = new Map<string, GraphNode>();
  g.nodes = g.nodes.filter((node) => {
    const [x = ""] = node.inputs;
    const maker = makers.get(x);
    const isFolded = maker !== undefined && uses.get(x) === 1 && foldInto(g, maker, node);
    const owner = isFolded ? maker : node;
    owner.outputs = node.outputs;
    for (const name of owner.outputs) makers.set(name, owner);
    return !isFolded;
  });
}

/** Whether `node` is part of the node before it now. */
function foldInto(g: GraphBuilder, maker: GraphNode, node: GraphNode): boolean {
  const [x = "", weights = "", bias = "", ...statistics] = maker.inputs;
  const tensor = g.tensors.get(weights);
  const sum = tensor && sumOf(maker, tensor);
  const line = sum && lineOf(g, node, sum.channels);
  if (!line) return false;
  const { factor, summand } = line;
  const { channels, channelOf } = sum;
  const isScaled = factor.some((one) => one !== 1);
  const scaled = (): Float32Array =>
    Float32Array.from(tensor.data() as Float32Array, (w, i) => w * factor[channelOf(i)]!);
  const old = vectorOf(g, bias, channels) ?? new Float64Array(channels);
  const shift = summand.map((t, c) => t + factor[c]! * old[c]!);
  maker.inputs = [
    x,
    isScaled ? g.weights(weights, tensor.dims, scaled) : weights,
    g.weights(bias === "" ? `${maker.name}.bias` : bias, [channels], () => shift),
    ...statistics,
  ];
  return true;
}

function sumOf({ type, attributes }: GraphNode, weights: Tensor): Sum | undefined {
  const [first = 1, second = 1] = weights.dims;
  const size = elementsIn(weights) / first;
  if (type === "BatchNormalization" || type === "Conv") {
    return { channels: first, channelOf: (i) => Math.floor(i / size) };
  }
  if (type === "Gemm") {
    return attributes["transB"] === 1
      ? { channels: first, channelOf: (i) => Math.floor(i / size) }
      : { channels: second, channelOf: (i) => i % second };
  }
  if (type !== "ConvTranspose") return undefined;
  const groups = Number(attributes["group"] ?? 1);
  const [inputs, places] = [first / groups, size / second];
  const channelOf = (i: number): number =>
    Math.floor(i / (size * inputs)) * second + (Math.floor(i / places) % second);
  return { channels: second * groups, channelOf };
}

/** What a node does to channels, where its parameters are constants. */
function lineOf(g: GraphBuilder, node: GraphNode, channels: number): Line | undefined {
  const [, ...rest] = node.inputs;
  const isVector = (name: string): boolean => (g.tensors.get(name)?.dims.length ?? 0) === 1;
  if (node.type !== "BatchNormalization" && channels > 1 && rest.some(isVector)) return undefined;
  const vectors = rest.map((name) => vectorOf(g, name, channels));
  if (vectors.some((vector) => vector === undefined)) return undefined;
  const [first, second, mean, variance] = vectors as Float64Array[];
  if (node.type === "Mul") return { factor: first!, summand: new Float64Array(channels) };
  if (node.type === "Add") return { factor: new Float64Array(channels).fill(1), summand: first! };
  if (node.type !== "BatchNormalization") return undefined;
  const { f: epsilon = 1e-5 } = node.attributes["epsilon"] as { f?: number };
  const factor = first!.map((scale, c) => scale / Math.sqrt(variance![c]! + epsilon));
  return { factor, summand: second!.map((bias, c) => bias - mean![c]! * factor[c]!) };
}

/** A constant that has a number for each channel, or one for all: axis 1 of as many axes as what it is applied to. */
function vectorOf(g: GraphBuilder, name: string, channels: number): Float64Array | undefined {
  const tensor = g.tensors.get(name);
  if (tensor?.type !== "FLOAT") return undefined;
  const { dims } = tensor;
  const count = elementsIn(tensor);
  const isPerChannel =
    count === channels && (dims.length === 1 || (dims[0] === 1 && dims[1] === channels));
  if (count !== 1 && !isPerChannel) return undefined;
  const values = tensor.data() as ArrayLike<number>;
  return Float64Array.from({ length: channels }, (_, c) => values[count === 1 ? 0 : c]!);
}
