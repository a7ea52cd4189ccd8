import { type Constant, Constant as ConstantArray } from "../constant.ts";
import { readersOf } from "../graph.ts";
import type { Learned, Spot, Translation } from "./spot.ts";

/** Where Lstm's gates i, f, o, g stand among ONNX's i, o, f, c. */
const GATES = [0, 2, 1, 3] as const;

/** Of one direction, so many numbers for each gate, in the layer's order; `second` is added to them. */
function gates(from: Constant, start: number, size: number, second?: number): Float32Array {
  const made = new Float32Array(4 * size);
  GATES.forEach((gate, i) => {
    for (let k = 0; k < size; k++) {
      const place = start + gate * size + k;
      const more = second === undefined ? 0 : (from.values[place + second] as number);
      made[i * size + k] = (from.values[place] as number) + more;
    }
  });
  return made;
}

/** W_x, W_h and b of one direction; both of ONNX's biases are one. */
function learnedOfDirection(at: Spot, direction: number, width: number): Learned[] {
  const [weights, hidden] = [at.known(1, "W"), at.known(2, "R")];
  const features = weights.dims[2] as number;
  const bias =
    at.input(3) === undefined
      ? new ConstantArray(
          "float",
          [direction + 1, 8 * width],
          () => new Float32Array((direction + 1) * 8 * width),
        )
      : at.known(3, "B");
  return [
    {
      shape: [4 * width, features],
      values: () => gates(weights, direction * 4 * width * features, width * features),
    },
    {
      shape: [4 * width, width],
      values: () => gates(hidden, direction * 4 * width * width, width * width),
    },
    { shape: [4 * width], values: () => gates(bias, direction * 8 * width, width, 4 * width) },
  ];
}

/** Refuses what Lstm has not: other functions, states that are given, sequences of several lengths. */
function checkForm(at: Spot): void {
  const functions = at.node.attributes.get("activations");
  const usual = ["Sigmoid", "Tanh", "Tanh"];
  if (Array.isArray(functions) && functions.some((one, i) => one !== usual[i % 3])) {
    at.fail(`activations are ${functions.join(", ")}. Expected Sigmoid, Tanh and Tanh.`);
  }
  for (const name of ["clip", "input_forget", "layout"]) {
    if (at.number(name, 0) !== 0) at.fail(`${name} is given. Expected none.`);
  }
  for (const [index, what] of [
    [5, "initial_h"],
    [6, "initial_c"],
    [7, "P"],
  ] as const) {
    if (at.input(index) === undefined) continue;
    if (at.constant(index)?.values.every((value) => value === 0)) continue;
    at.fail(`${what} is given. Expected zeros.`);
  }
  const [steps] = at.shape(0);
  const isWhole = at.constant(4)?.values.every((length) => length === steps);
  if (at.input(4) !== undefined && !isWhole) {
    at.fail("sequence_lens is given. Expected sequences of one length.");
  }
  const readers = readersOf(at.graph);
  for (const name of at.node.outputs.slice(1)) {
    if (name !== "" && (readers.has(name) || at.graph.outputs.includes(name))) {
      at.fail("its last states are asked for. Expected the outputs of all steps alone.");
    }
  }
}

/** T×N×I to T×1×N×D, or T×2×N×D of both directions: an Lstm for each, between Reverses where it goes back in time. */
const lstm: Translation = (at) => {
  checkForm(at);
  const [steps = 1, directions = 1, batch = 1, width = 1] = at.made();
  const way = at.text("direction", "forward");
  const isBoth = directions === 2;
  const parts = Array.from({ length: directions }, (_, direction) => {
    const name = isBoth ? `${direction}/` : "";
    const isBack = way === "reverse" || direction === 1;
    const turned = (bottom: string, part: string): string =>
      isBack ? at.layer({ type: "Reverse", bottom: [bottom] }, { part: name + part }) : bottom;
    const made = at.layer(
      { type: "Lstm", bottom: [turned(at.blob(0), "turned")], lstm_param: { num_output: width } },
      { learned: learnedOfDirection(at, direction, width), part: `${name}lstm` },
    );
    const shape = [steps, 1, batch, width];
    return at.view(turned(made, "back"), [steps, batch, width], shape, isBoth ? `${name}view` : "");
  });
  return isBoth ? at.layer({ type: "Concat", bottom: parts }) : parts;
};

/** Operators that go through time. */
export const recurrences: Readonly<Record<string, Translation>> = { LSTM: lstm };
