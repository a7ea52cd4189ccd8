import { sameShape } from "../../../util/shape.ts";
import { orderOf, paddingOf, partsOf, slicesOf } from "../fold/view-shapes.ts";
import type { Spot, Translation } from "./spot.ts";

const view: Translation = (at) => at.view(at.blob(0), at.shape(0), at.made());

const transpose: Translation = (at) => {
  const order = orderOf(at);
  const shape = at.shape(0);
  const kept = (axes: readonly number[]): string => axes.filter((axis) => shape[axis] !== 1).join();
  // Where only axes of length 1 move the elements stay as they lie; that of samples may become longer.
  const isView = order[0] === 0 && kept(order) === kept(shape.map((_, i) => i));
  if (isView) return view(at);
  return at.layer({ type: "Permute", bottom: [at.blob(0)], permute_param: { order } });
};

const concat: Translation = (at) => {
  const bottom = at.node.inputs.map((_, i) => at.blob(i));
  if (bottom.length === 1) return bottom;
  const axis = at.axis(at.number("axis", 1), at.made().length);
  return at.layer({ type: "Concat", bottom, ...(axis !== 1 && { concat_param: { axis } }) });
};

/** Parts of a blob along an axis, of these lengths. */
function cut(at: Spot, axis: number, lengths: readonly number[], part = ""): readonly string[] {
  if (lengths.length === 1) return [at.blob(0)];
  let end = 0;
  const points = lengths.slice(0, -1).map((length) => {
    end += length;
    return end;
  });
  const isEven = lengths.every((length) => length === lengths[0]);
  const slice_param = {
    ...(axis !== 1 && { axis }),
    ...(!isEven && { slice_point: points }),
  };
  return at.layers(
    {
      type: "Slice",
      bottom: [at.blob(0)],
      ...(Object.keys(slice_param).length > 0 && { slice_param }),
    },
    lengths.length,
    { part },
  );
}

const split: Translation = (at) => {
  const { axis, lengths } = partsOf(at);
  return cut(at, axis, lengths);
};

/** A part of each axis, cut out; what lies around it is silenced. */
const slice: Translation = (at) => {
  const { starts, steps, counts } = slicesOf(at);
  const shape = at.shape(0);
  const axes = shape.map((_, i) => i).filter((i) => counts[i] !== shape[i]);
  if (axes.length === 0 && sameShape(shape, counts) && steps.every((step) => step === 1)) {
    return at.blob(0);
  }
  const [axis = 0] = axes;
  if (axes.length !== 1 || steps[axis] !== 1) {
    at.fail(
      `it takes ${counts.join("×")} of ${shape.join("×")} in steps of ${steps.join(",")}. Expected steps of 1 along one axis.`,
    );
  }
  const [start, count] = [starts[axis] as number, counts[axis] as number];
  const rest = (shape[axis] as number) - start - count;
  const lengths = [start, count, rest].filter((length, i) => i === 1 || length > 0);
  const parts = cut(at, axis, lengths);
  const wanted = start > 0 ? 1 : 0;
  const others = parts.filter((_, i) => i !== wanted);
  if (others.length > 0) at.layers({ type: "Silence", bottom: others }, 0, { part: "rest" });
  return parts[wanted] as string;
};

/** One place of an axis, which goes. */
const gather: Translation = (at) => {
  const places = at.known(1, "the places");
  if (at.constant(0)) {
    return at.fail("it looks rows of a constant up. Expected places in what is computed.");
  }
  if (places.count !== 1) {
    at.fail(`it picks ${places.count} places. Expected one.`);
  }
  const shape = at.shape(0);
  const axis = at.axis(at.number("axis", 0), shape.length);
  const length = shape[axis] as number;
  const place = at.axis(places.values[0] as number, length);
  const lengths = [place, 1, length - place - 1].filter((n, i) => i === 1 || n > 0);
  const parts = cut(at, axis, lengths, "parts");
  const wanted = place > 0 ? 1 : 0;
  const others = parts.filter((_, i) => i !== wanted);
  if (others.length > 0) at.layers({ type: "Silence", bottom: others }, 0, { part: "rest" });
  const picked = shape.map((n, i) => (i === axis ? 1 : n));
  return at.view(parts[wanted] as string, picked, at.made());
};

const pad: Translation = (at) => {
  const mode = at.text("mode", "constant");
  const pads = paddingOf(at);
  const rank = at.shape(0).length;
  if (pads.every((length) => length === 0)) return at.blob(0);
  if (mode !== "constant") at.fail(`mode is ${mode}. Expected constant.`);
  if (pads.some((length) => length < 0)) {
    at.fail(`pads are ${pads.join(",")}. Expected 0 or more.`);
  }
  const value = at.has("value") ? at.number("value", 0) : (at.constant(2)?.values[0] ?? 0);
  return at.layer({
    type: "Pad",
    bottom: [at.blob(0)],
    pad_param: {
      paddings: pads.slice(0, rank).flatMap((length, i) => [length, pads[i + rank] as number]),
      ...(value !== 0 && { constant_values: value }),
    },
  });
};

/** Of `joinShuffles`. */
const shuffle: Translation = (at) =>
  at.layer({
    type: "ShuffleChannel",
    bottom: [at.blob(0)],
    shuffle_channel_param: { group: at.number("group", 1) },
  });

/** Operators that only arrange elements anew. */
export const arrangements: Readonly<Record<string, Translation>> = {
  Concat: concat,
  Flatten: view,
  Gather: gather,
  Pad: pad,
  Reshape: view,
  ShuffleChannel: shuffle,
  Slice: slice,
  Split: split,
  Squeeze: view,
  Transpose: transpose,
  Unsqueeze: view,
};
