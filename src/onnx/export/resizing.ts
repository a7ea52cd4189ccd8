import { withDefaults } from "../../io/proto/messages.ts";
import type { Axis } from "../graph/axes.ts";
import { resize, slice } from "../graph/operators.ts";
import type { Site, Translation } from "./site.ts";

/** The lengths of N×C×H'×W' as the graph runs, of which the last two are lists of one number each. */
function lengthsOfPlanes(at: Site, places: readonly string[]): string {
  const [n = 1, c = 1] = at.x.axes;
  return at.graph.op("Concat", [at.lengthOf(n), at.lengthOf(c), ...places], { axis: 0 });
}

const interp: Translation = (at) => {
  const { graph: g, x, y, param, bottoms } = at;
  const { pad_beg = 0, pad_end = 0 } = param.interp_param ?? {};
  const places = [2, 3];
  const inner =
    pad_beg === 0 && pad_end === 0
      ? x.value
      : slice(
          g,
          x.value,
          places,
          [-pad_beg, -pad_beg],
          places.map((axis) => x.length(axis) + pad_end),
        );
  const resized = (lengths: string): string =>
    resize(g, inner, lengths, { mode: "linear", coordinates: "align_corners" });
  const isKnown = places.every((axis) => typeof y.axes[axis] === "number");
  if (isKnown || bottoms.length > 1) return resized(at.lengthsOf(y.axes));
  const lengths = places.map((axis) =>
    interpolated(at, at.lengthOf(x.axes[axis] as Axis), pad_beg + pad_end),
  );
  return resized(lengthsOfPlanes(at, lengths));
};

/** ⌊(L − 1)/s⌋ + 1, and of that L + (L − 1)(z − 1), of a length whose pads are cut off. */
function interpolated(at: Site, length: string, pads: number): string {
  const { graph: g, param } = at;
  const { shrink_factor: shrink = 1, zoom_factor: zoom = 1 } = param.interp_param ?? {};
  const steps = g.op("Sub", [g.op("Add", [length, g.ints([pads])]), g.ints([1])]);
  const shrunk = g.op("Div", [steps, g.ints([shrink])]);
  return g.op("Add", [g.op("Mul", [shrunk, g.ints([zoom])]), g.ints([1])]);
}

/** Planes of known lengths; channels may come last. */
function resizedTo(at: Site, format: string, how: Parameters<typeof resize>[3]): string {
  const { graph: g, x, y } = at;
  const isLast = format === "NHWC";
  const order = isLast ? [0, 3, 1, 2] : [0, 1, 2, 3];
  const lengths = at.lengthsOf(order.map((axis) => y.axes[axis] as Axis));
  const planes = isLast ? g.op("Transpose", [x.value], { perm: order }) : x.value;
  const resized = resize(g, planes, lengths, how);
  return isLast ? g.op("Transpose", [resized], { perm: [0, 2, 3, 1] }) : resized;
}

const bilinear: Translation = (at) => {
  const { align_corners, half_pixel_centers, pytorch_half_pixel, data_format } = withDefaults(
    "ResizeBilinearParameter",
    at.param.resize_bilinear_param,
  );
  const coordinates = align_corners
    ? "align_corners"
    : half_pixel_centers
      ? "half_pixel"
      : pytorch_half_pixel
        ? "pytorch_half_pixel"
        : "asymmetric";
  return resizedTo(at, data_format, { mode: "linear", coordinates });
};

const nearest: Translation = (at) => {
  const { align_corners, half_pixel_centers, half_pixel_onnx, data_format } = withDefaults(
    "ResizeNearestNeighborParameter",
    at.param.resize_nearest_neighbor_param,
  );
  // ⌊(i + ½)·r⌋ is (i + ½)·r − ½ rounded, with halves upwards.
  const rounding = align_corners || half_pixel_centers ? "round_prefer_ceil" : "floor";
  const coordinates = align_corners
    ? "align_corners"
    : half_pixel_centers || half_pixel_onnx
      ? "half_pixel"
      : "asymmetric";
  return resizedTo(at, data_format, { mode: "nearest", coordinates, rounding });
};

/** Planes of other sizes, whose places lie between those of the bottom. */
export const resizing: Readonly<Record<string, Translation>> = {
  Interp: interp,
  ResizeBilinear: bilinear,
  ResizeNearestNeighbor: nearest,
};
