import { orderOf, paddingOf } from "../fold/view-shapes.ts";
import type { Translation } from "./spot.ts";

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

/** Repeated along every axis until it fills what is made. */
const tile: Translation = (at) => at.tiled(at.blob(0), at.shape(0), at.made());

const block =
  (type: "DepthToSpace" | "SpaceToDepth"): Translation =>
  (at) => {
    const isByChannel = type === "DepthToSpace" && at.text("mode", "DCR") === "CRD";
    const fields = {
      block_size: at.number("blocksize", 1),
      data_format: isByChannel ? "CRD" : "NCHW",
    };
    const bottom = [at.blob(0)];
    return type === "DepthToSpace"
      ? at.layer({ type, bottom, depth_to_space_param: fields })
      : at.layer({ type, bottom, space_to_depth_param: fields });
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
  DepthToSpace: block("DepthToSpace"),
  Expand: tile,
  Flatten: view,
  Pad: pad,
  Reshape: view,
  ShuffleChannel: shuffle,
  SpaceToDepth: block("SpaceToDepth"),
  Squeeze: view,
  Tile: tile,
  Transpose: transpose,
  Unsqueeze: view,
};
