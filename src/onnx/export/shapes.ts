import { withDefaults } from "../../io/proto/messages.ts";
import { type Axis, fixed } from "../graph/axes.ts";
import { asInteger, pad, repeatPlaces, reverse, slice, split, TO_END } from "../graph/operators.ts";
import type { Site, Translation } from "./site.ts";

/** The same elements in the same order: the shape is all that changes. */
const view: Translation = (at) => at.reshape(at.x.value, at.x.axes, at.y.axes);

const concat: Translation = ({ graph, bottoms, param, x }) => {
  const { axis, concat_dim } = withDefaults("ConcatParameter", param.concat_param);
  const along = param.concat_param?.concat_dim === undefined ? axis : concat_dim;
  if (bottoms.length === 1) return x.value;
  return graph.op(
    "Concat",
    bottoms.map(({ value }) => value),
    { axis: x.axis(along) },
  );
};

const sliced: Translation = ({ graph, x, tops, param }) => {
  const { axis, slice_dim } = withDefaults("SliceParameter", param.slice_param);
  const along = x.axis(param.slice_param?.slice_dim === undefined ? axis : slice_dim);
  if (tops.length === 1) return x.value;
  return split(
    graph,
    x.value,
    along,
    tops.map((top) => top.length(along)),
  );
};

const crop: Translation = (at) => {
  const { graph: g, x, y, param } = at;
  const { axis, offset } = withDefaults("CropParameter", param.crop_param);
  const from = x.axis(axis);
  const axes = x.axes.map((_, i) => i).slice(from);
  const starts = axes.map((_, i) => offset[offset.length > 1 ? i : 0] ?? 0);
  const lengths = axes.map((i) => y.axes[i] as Axis);
  if (lengths.every((length) => typeof length === "number")) {
    return slice(
      g,
      x.value,
      axes,
      starts,
      lengths.map((length, i) => fixed(length) + starts[i]!),
    );
  }
  const ends = g.op("Add", [at.lengthsOf(lengths), g.ints(starts)]);
  return g.op("Slice", [x.value, g.ints(starts), ends, g.ints(axes)]);
};

const cropCenter: Translation = ({ graph, x, param }) => {
  const margins = param.crop_center_param?.crop_size ?? [];
  const axes = x.axes.map((_, i) => i);
  const ends = axes.map((i) => (margins[i] ? -margins[i] : TO_END));
  return slice(
    graph,
    x.value,
    axes,
    axes.map((i) => margins[i] ?? 0),
    ends,
  );
};

const padded: Translation = ({ graph, x, param }) => {
  const { paddings, constant_values } = withDefaults("PadParameter", param.pad_param);
  const ends = (side: number): number[] => x.axes.map((_, i) => paddings[2 * i + side] ?? 0);
  return pad(graph, x.value, ends(0), ends(1), constant_values);
};

const permute: Translation = ({ graph, x, param }) => {
  const first = param.permute_param?.order ?? [];
  const rest = x.axes.map((_, i) => i).filter((i) => !first.includes(i));
  return graph.op("Transpose", [x.value], { perm: [...first, ...rest] });
};

const transpose: Translation = ({ graph, x, param }) =>
  graph.op("Transpose", [x.value], { perm: [...(param.transpose_param?.dim ?? [])] });

const reversed: Translation = ({ graph, x, param }) => {
  const axes = param.reverse_param?.axis ?? [];
  return reverse(graph, x.value, axes.length === 0 ? [0] : axes.map((axis) => x.axis(axis)));
};

const flip: Translation = ({ graph, x, param }) => {
  const { flip_width, flip_height } = withDefaults("FlipParameter", param.flip_param);
  const axes = [...(flip_height ? [2] : []), ...(flip_width ? [3] : [])];
  return axes.length === 0 ? x.value : reverse(graph, x.value, axes);
};

const tile: Translation = ({ graph, x, param }) => {
  const { tiles = 1, axis } = withDefaults("TileParameter", param.tile_param);
  const repeats = x.axes.map((_, i) => (i === x.axis(axis) ? tiles : 1));
  return graph.op("Tile", [x.value, graph.ints(repeats)]);
};

/** Axes cut into several, which are put into another order. */
function rearranged(
  at: Site,
  value: string,
  cut: readonly Axis[],
  perm: readonly number[],
  to: readonly Axis[] = at.y.axes,
): string {
  const parts = at.reshape(value, at.x.axes, cut);
  const moved = at.graph.op("Transpose", [parts], { perm });
  return at.reshape(
    moved,
    perm.map((i) => cut[i] as Axis),
    to,
  );
}

const shuffle: Translation = (at) => {
  const { group } = withDefaults("ShuffleChannelParameter", at.param.shuffle_channel_param);
  const [n = 1, , ...places] = at.x.axes;
  const cut = [n, group, at.x.length(1) / group, ...places];
  return rearranged(at, at.x.value, cut, [0, 2, 1, ...places.map((_, i) => i + 3)]);
};

/** An operator for N×C×H×W, of an array whose channels may come last. */
function onPlanes(at: Site, isLast: boolean, work: (value: string) => string): string {
  if (!isLast) return work(at.x.value);
  const g = at.graph;
  const planes = g.op("Transpose", [at.x.value], { perm: [0, 3, 1, 2] });
  return g.op("Transpose", [work(planes)], { perm: [0, 2, 3, 1] });
}

const depthToSpace: Translation = (at) => {
  const { block_size: blocksize = 1, data_format: format = "NHWC" } =
    at.param.depth_to_space_param ?? {};
  const mode = format === "CRD" ? "CRD" : "DCR";
  return onPlanes(at, format === "NHWC", (value) =>
    at.graph.op("DepthToSpace", [value], { blocksize, mode }),
  );
};

const spaceToDepth: Translation = (at) => {
  const { block_size: blocksize = 1, data_format: format = "NHWC" } =
    at.param.space_to_depth_param ?? {};
  return onPlanes(at, format === "NHWC", (value) =>
    at.graph.op("SpaceToDepth", [value], { blocksize }),
  );
};

const reshape: Translation = (at) => {
  const blocksize = at.param.reshape_param?.pixelshuffler ?? 1;
  if (blocksize === 1) return view(at);
  return at.graph.op("DepthToSpace", [at.x.value], { blocksize, mode: "CRD" });
};

/** Darknet's order: the memory of C channels seen as C/s² planes, s times as high and as wide. */
const reorg: Translation = (at) => {
  const { stride: s = 1, reverse: isReverse } = at.param.reorg_param ?? {};
  const [n = 1, ...image] = at.x.axes;
  const [c = 1, h = 1, w = 1] = image.map(fixed);
  const planes = c / (s * s);
  return isReverse
    ? rearranged(at, at.x.value, [n, s, s, planes, h, w], [0, 3, 4, 1, 5, 2])
    : rearranged(at, at.x.value, [n, planes, h, s, w, s], [0, 3, 5, 1, 2, 4]);
};

const spaceToBatch: Translation = (at) => {
  const { block_shape: block = [], paddings = [] } = at.param.space_to_batch_nd_param ?? {};
  const { graph: g, x, y } = at;
  const ends = (side: number): number[] =>
    x.axes.map((_, i) => (i === 0 ? 0 : (paddings[2 * (i - 1) + side] ?? 0)));
  const whole = pad(g, x.value, ends(0), ends(1));
  const [n = 1, ...rest] = x.axes;
  const cut = [n, ...block.flatMap((b, i) => [y.length(i + 1), b]), ...rest.slice(block.length)];
  const blocks = block.map((_, i) => 2 * i + 2);
  const places = block.map((_, i) => 2 * i + 1);
  const others = rest.slice(block.length).map((_, i) => 2 * block.length + 1 + i);
  return rearranged(at, whole, cut, [...blocks, 0, ...places, ...others]);
};

const batchToSpace: Translation = (at) => {
  const { block_shape: block = [], crops = [] } = at.param.batch_to_space_nd_param ?? {};
  const { graph: g, x, y } = at;
  const [n = 1] = y.axes;
  const rest = x.axes.slice(1).map(fixed);
  const cut = [...block, n, ...rest];
  const count = block.length;
  const perm = [
    count,
    ...block.flatMap((_, i) => [count + 1 + i, i]),
    ...rest.slice(count).map((_, i) => 2 * count + 1 + i),
  ];
  const lengths = rest.map((length, i) => length * (block[i] ?? 1));
  const whole = rearranged(at, x.value, cut, perm, [n, ...lengths]);
  const starts = block.map((_, i) => crops[2 * i] ?? 0);
  const ends = block.map((_, i) => lengths[i]! - (crops[2 * i + 1] ?? 0));
  return slice(
    g,
    whole,
    block.map((_, i) => i + 1),
    starts,
    ends,
  );
};

/** Rows of a batch by their numbers. */
const batchReindex: Translation = ({ graph: g, x, bottoms }) =>
  g.op("Gather", [x.value, asInteger(g, bottoms[1]?.value ?? "")], { axis: 0 });

/** Rows whose selector is not 0: how many, only the run tells. */
const filter: Translation = (at) => {
  const { graph: g, bottoms, tops } = at;
  const { value } = bottoms.at(-1)!;
  const isKept = g.op("Cast", [g.op("Reshape", [value, g.ints([-1])])], { to: 9 });
  return tops.map((_, i) => g.op("Compress", [bottoms[i]!.value, isKept], { axis: 0 }));
};

/** A value to where its maximum came from: places of planes, one behind the other. */
function unpool(at: Site, mask: string): string {
  const { graph: g, x, y } = at;
  const [n = 1, c = 1] = x.axes;
  const count = x.length(2) * x.length(3);
  const size = y.length(2) * y.length(3);
  const [values, places] = [x.value, mask].map((value) => at.reshape(value, x.axes, [n, c, count]));
  const zeros = at.expand(g.floats([0], [1, 1, 1]), [n, c, size]);
  const filled = g.op("ScatterElements", [zeros, asInteger(g, places ?? ""), values ?? ""], {
    axis: 2,
  });
  return at.reshape(filled, [n, c, size], y.axes);
}

const upsample: Translation = (at) => {
  const { param, bottoms } = at;
  if (bottoms[1]) return unpool(at, bottoms[1].value);
  const { scale = 1, scale_h = scale, scale_w = scale } = param.upsample_param ?? {};
  return enlarged(at, scale_h, scale_w);
};

const upsampleDarknet: Translation = (at) => {
  const { stride } = withDefaults("UpsampleDarknetParameter", at.param.upsample_darknet_param);
  return enlarged(at, stride, stride);
};

/** Each place becomes a rectangle of so many. */
function enlarged(at: Site, rows: number, columns: number): string {
  if (rows === 1 && columns === 1) return at.x.value;
  const outer = at.x.axes.slice(0, -2).map(() => 1);
  return repeatPlaces(at.graph, at.x.value, [...outer, rows, columns]);
}

/** Elements in another order, or under another shape. */
export const shapes: Readonly<Record<string, Translation>> = {
  BatchReindex: batchReindex,
  BatchToSpaceND: batchToSpace,
  Concat: concat,
  Crop: crop,
  CropCenter: cropCenter,
  DepthToSpace: depthToSpace,
  Filter: filter,
  Flatten: view,
  Flip: flip,
  Gather: ({ bottoms }) => bottoms.map(({ value }) => value),
  Pad: padded,
  Permute: permute,
  Reorg: reorg,
  Reshape: reshape,
  Reverse: reversed,
  ShuffleChannel: shuffle,
  Slice: sliced,
  SpaceToBatchND: spaceToBatch,
  SpaceToDepth: spaceToDepth,
  Squeeze: view,
  Tile: tile,
  Transpose: transpose,
  Upsample: upsample,
  UpsampleDarknet: upsampleDarknet,
};
