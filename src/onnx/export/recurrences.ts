import { type Axis, fixed } from "../graph/axes.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { asFloat, split } from "../graph/operators.ts";
import type { Site, Translation } from "./site.ts";

/** What goes from step to step, N×D each; undefined where it is zero. */
interface State {
  readonly hidden: string | undefined;
  readonly cell: string | undefined;
}

/** σ(o) ∘ tanh(c) and c = cont · σ(f) ∘ c' + σ(i) ∘ tanh(g), of gates in the order i, f, o, g. */
function unit(
  g: GraphBuilder,
  gates: string,
  cell: string | undefined,
  goesOn: string | undefined,
  width: number,
  axis: number,
): { readonly hidden: string; readonly cell: string } {
  const [some = "", last = ""] = split(g, gates, axis, [3 * width, width]);
  const [input = "", forget = "", output = ""] = split(g, g.op("Sigmoid", [some]), axis, [
    width,
    width,
    width,
  ]);
  const fresh = g.op("Mul", [input, g.op("Tanh", [last])]);
  let now = fresh;
  if (cell !== undefined) {
    const kept = g.op("Mul", [forget, cell]);
    now = g.op("Add", [goesOn === undefined ? kept : g.op("Mul", [kept, goesOn]), fresh]);
  }
  return { hidden: g.op("Mul", [output, g.op("Tanh", [now])]), cell: now };
}

const lstmUnit: Translation = (at) => {
  const { graph: g, x, bottoms } = at;
  const [, gates, cont] = bottoms;
  const goesOn = at.reshape(cont!.value, cont!.axes, [...cont!.axes, 1]);
  const { hidden, cell } = unit(g, gates!.value, x.value, goesOn, x.length(2), 2);
  return [cell, hidden];
};

/** The rows of each step, N×width, of all steps', T·N×width. */
function stepsOf(at: Site, rows: string, steps: number, streams: number): readonly string[] {
  return steps === 1
    ? [rows]
    : split(
        at.graph,
        rows,
        0,
        Array.from({ length: steps }, () => streams),
      );
}

/** What LSTM and RNN have in common: bottoms, and the part of every step that x alone gives. */
interface Unrolled {
  readonly steps: number;
  readonly streams: number;
  /** W · x(t) + b (+ W_static · x_static), of each step. */
  readonly inputs: readonly string[];
  /** Whether a sequence goes on, N×1, of each step. */
  readonly goesOn: readonly string[];
  readonly first: State;
  /** Where the blobs of the state begin. */
  readonly next: number;
}

/** Reads a recurrent layer whose state is so many blobs. */
function unrolled(at: Site, states: number): Unrolled {
  const { graph: g, x, bottoms, param } = at;
  const [steps, streams] = [x.length(0), x.length(1)];
  const isExposed = param.recurrent_param?.expose_hidden === true;
  const hasStatic = bottoms.length - (isExposed ? states : 0) > 2;
  const features = x.axes.slice(2).reduce<number>((product, axis) => product * fixed(axis), 1);
  const rows = at.reshape(x.value, x.axes, [steps * streams, features]);
  const width = at.blobs[1]!.count();
  const weights = at.weights(0, "weight", [width, features]);
  const inputs = g.op("Gemm", [rows, weights, at.weights(1, "bias")], { transB: 1 });
  let parts = stepsOf(at, inputs, steps, streams);
  if (hasStatic) {
    const { value, axes } = bottoms[2]!;
    const count = at.blobs[2]!.count() / width;
    const still = g.op(
      "Gemm",
      [at.reshape(value, axes, [streams, count]), at.weights(2, "static", [width, count])],
      { transB: 1 },
    );
    parts = parts.map((part) => g.op("Add", [part, still]));
  }
  const cont = bottoms[1]!;
  const column = at.reshape(cont.value, cont.axes, [steps * streams, 1]);
  const given = bottoms
    .slice(hasStatic ? 3 : 2)
    .map(({ value, axes }) => at.reshape(value, axes, axes.slice(1)));
  return {
    steps,
    streams,
    inputs: parts,
    goesOn: stepsOf(at, column, steps, streams),
    first: { hidden: given[0], cell: given[1] },
    next: hasStatic ? 3 : 2,
  };
}

/** The outputs of all steps, T×N×D, and states as they are shown, 1×N×D. */
function joined(at: Site, outputs: readonly string[], last: readonly string[]): string[] {
  const g = at.graph;
  const { axes } = at.y;
  const [steps = 1, streams = 1, width = 1] = axes.map(fixed);
  const all = outputs.length === 1 ? outputs[0]! : g.op("Concat", outputs, { axis: 0 });
  const y = at.reshape(all, [steps * streams, width], axes);
  return [
    y,
    ...last.map((state) => at.reshape(state, [streams, width], [1, streams, width])),
  ].slice(0, at.tops.length);
}

/** h(t − 1) where a sequence goes on, times weights, plus the rest of a step's sum. */
function carried(
  at: Site,
  hidden: string | undefined,
  goesOn: string,
  weights: string,
  rest: string,
): string {
  if (hidden === undefined) return rest;
  const g = at.graph;
  return g.op("Gemm", [g.op("Mul", [hidden, goesOn]), weights, rest], { transB: 1 });
}

/** Step by step: a sequence may begin anew within any. */
const lstm: Translation = (at) => {
  const { inputs, goesOn, first, next } = unrolled(at, 2);
  const weights = at.weights(next, "hidden");
  const width = at.y.length(2);
  let { hidden, cell } = first;
  const outputs = inputs.map((input, t) => {
    const gates = carried(at, hidden, goesOn[t]!, weights, input);
    ({ hidden, cell } = unit(at.graph, gates, cell, goesOn[t], width, 1));
    return hidden;
  });
  return joined(at, outputs, [hidden!, cell!]);
};

const rnn: Translation = (at) => {
  const { inputs, goesOn, first, next } = unrolled(at, 1);
  const g = at.graph;
  const weights = at.weights(next, "hidden");
  const output = [at.weights(next + 1, "output"), at.weights(next + 2, "output_bias")];
  let { hidden } = first;
  const outputs = inputs.map((input, t) => {
    hidden = g.op("Tanh", [carried(at, hidden, goesOn[t]!, weights, input)]);
    return g.op("Tanh", [g.op("Gemm", [hidden, ...output], { transB: 1 })]);
  });
  return joined(at, outputs, [hidden!]);
};

/** The older layer: T×N×I, or T·N rows. Without flags it is ONNX's own LSTM, of any number of steps. */
const sequenceLstm: Translation = (at) => {
  const { graph: g, x, y, bottoms, blobs, param } = at;
  const batch = param.lstm_param?.batch_size;
  const isCube = batch === undefined && x.rank === 3;
  const streams = isCube ? x.length(1) : (batch ?? 1);
  const width = param.lstm_param?.num_output ?? 1;
  const features = blobs[0]!.count() / (4 * width);
  const flags = bottoms[1];
  if (!flags) {
    const steps = isCube || streams === 1 ? (x.axes[0] as Axis) : x.length(0) / streams;
    const sequence = at.reshape(x.value, x.axes, [steps, streams, features]);
    const made = (index: number, what: string, inner: number): string =>
      at.made(what, [1, 4 * width, inner], () => inOrder(blobs[index]!.values(), width * inner));
    const bias = at.made("bias", [1, 8 * width], () => {
      const own = new Float32Array(8 * width);
      own.set(inOrder(blobs[2]!.values(), width));
      return own;
    });
    const h = g.op(
      "LSTM",
      [sequence, made(0, "weight", features), made(1, "hidden", width), bias],
      {
        hidden_size: width,
      },
    );
    return at.reshape(h, [steps, 1, streams, width], y.axes);
  }
  const count = isCube ? x.length(0) * streams : x.length(0);
  const rows = at.reshape(x.value, x.axes, [count, features]);
  const sums = g.op("Gemm", [rows, at.weights(0, "weight"), at.weights(2, "bias")], { transB: 1 });
  const isSet = g.op("Not", [g.op("Equal", [flags.value, g.floats([0])])]);
  const column = at.reshape(asFloat(g, isSet), flags.axes, [count, 1]);
  const goesOn = stepsOf(at, column, count / streams, streams);
  const weights = at.weights(1, "hidden");
  let { hidden, cell }: State = { hidden: undefined, cell: undefined };
  const outputs = stepsOf(at, sums, count / streams, streams).map((input, t) => {
    const gates = carried(at, hidden, goesOn[t]!, weights, input);
    ({ hidden, cell } = unit(g, gates, cell, goesOn[t], width, 1));
    return hidden;
  });
  const all = outputs.length === 1 ? outputs[0]! : g.op("Concat", outputs, { axis: 0 });
  return at.reshape(all, [count, width], y.axes);
};

/** Gates i, f, o, g, each so many numbers, in ONNX's order i, o, f, g. */
function inOrder(gates: ArrayLike<number>, size: number): Float32Array {
  const values = Float32Array.from(gates);
  const ordered = values.slice();
  ordered.set(values.subarray(2 * size, 3 * size), size);
  ordered.set(values.subarray(size, 2 * size), 2 * size);
  return ordered;
}

/** Layers that go through time. Their states begin as zeros, unless bottoms give them. */
export const recurrences: Readonly<Record<string, Translation>> = {
  LSTM: lstm,
  LSTMUnit: lstmUnit,
  Lstm: sequenceLstm,
  RNN: rnn,
};
