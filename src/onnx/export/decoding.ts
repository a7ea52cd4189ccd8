import { withDefaults } from "../../io/proto/messages.ts";
import { asFloat, lengthAlong, slice } from "../graph/operators.ts";
import type { Translation } from "./site.ts";

/**
 * The best class of every step, without blanks and repeats, in the first places of each sample's row; −1 behind them. What is
 * dropped is written to one place more, which is cut off.
 */
const greedy: Translation = (at) => {
  const { graph: g, x, y, param, bottoms } = at;
  const { blank_index = 0, ctc_merge_repeated } = withDefaults(
    "CTCDecoderParameter",
    param.ctc_decoder_param,
  );
  if (bottoms.length > 1) {
    at.fail(
      "labels or indicators beside the scores. Expected scores alone, for ONNX: T×N×C, each sample of all steps.",
    );
  }
  const classes = x.length(2);
  const blank = blank_index < 0 ? classes - 1 : blank_index;
  const [steps = 1, samples = 1] = x.axes;
  const cube = at.reshape(x.value, x.axes, [steps, samples, classes]);
  const best = g.op("Transpose", [g.op("ArgMax", [cube], { axis: 2, keepdims: 0 })], {
    perm: [1, 0],
  });
  const isLabel = g.op("Not", [g.op("Equal", [best, g.ints([blank])])]);
  let isKept = isLabel;
  if (ctc_merge_repeated) {
    const before = g.op(
      "Pad",
      [
        slice(g, best, [1], [0], [-1]),
        g.ints([0, 1, 0, 0]),
        g.op("Reshape", [g.ints([-1]), g.ints([], [0])]),
      ],
      { mode: "constant" },
    );
    isKept = g.op("And", [isLabel, g.op("Not", [g.op("Equal", [best, before])])]);
  }
  const count = g.op("CumSum", [
    g.op("Cast", [isKept], { to: 7 }),
    g.op("Reshape", [g.ints([1]), g.ints([], [0])]),
  ]);
  const last = lengthAlong(g, best, 1);
  const place = g.op("Where", [isKept, g.op("Sub", [count, g.ints([1])]), last]);
  const room = g.op("Concat", [lengthAlong(g, best, 0), g.op("Add", [last, g.ints([1])])], {
    axis: 0,
  });
  const empty = g.op("Expand", [g.ints([-1], [1, 1]), room]);
  const written = g.op("ScatterElements", [empty, place, best], { axis: 1 });
  const rows = asFloat(g, slice(g, written, [1], [0], [-1]));
  return at.reshape(rows, [samples, steps], y.axes);
};

/** Labels read off scores. */
export const decoders: Readonly<Record<string, Translation>> = {
  CTCGreedyDecoder: greedy,
};
