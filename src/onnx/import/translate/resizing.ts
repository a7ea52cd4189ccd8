import type { ResizeBilinearParameter } from "../../../io/proto/caffe.ts";
import { resizing } from "../fold/shape-rules.ts";
import type { Spot, Translation } from "./spot.ts";

/** Along one axis: lengths before and behind, and the factor that places are divided by. */
interface Resized {
  readonly from: number;
  readonly to: number;
  readonly scale: number;
}

/** Where a place of the output lies in the input, by the names that ONNX gives. */
const coordinates: Readonly<Record<string, (i: number, axis: Resized) => number>> = {
  align_corners: (i, { from, to }) => (to === 1 ? 0 : (i * (from - 1)) / (to - 1)),
  asymmetric: (i, { scale }) => i / scale,
  half_pixel: (i, { scale }) => (i + 0.5) / scale - 0.5,
  pytorch_half_pixel: (i, { scale, to }) => (to > 1 ? (i + 0.5) / scale - 0.5 : 0),
};

const rounding: Readonly<Record<string, (x: number) => number>> = {
  ceil: Math.ceil,
  floor: Math.floor,
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
};

/** The forms of ResizeNearestNeighbor: which place of the input each place of the output is. */
const nearestForms: readonly (readonly [
  field: Readonly<Record<string, boolean>>,
  place: (i: number, axis: Resized) => number,
])[] = [
  [{}, (i, { from, to }) => Math.floor((i * from) / to)],
  [{ half_pixel_centers: true }, (i, { from, to }) => Math.floor(((i + 0.5) * from) / to)],
  [{ align_corners: true }, (i, { from, to }) => Math.round((i * (from - 1)) / (to - 1))],
];

/** How planes are resized: two axes, in an order of H and W, and how places are found. */
function planesOf(at: Spot): { readonly axes: readonly [Resized, Resized]; readonly how: string } {
  const [shape, made] = [at.shape(0), at.made()];
  if (shape.length !== 4 || shape[0] !== made[0] || shape[1] !== made[1]) {
    at.fail(`it makes ${made.join("×")} of ${shape.join("×")}. Expected planes of another size.`);
  }
  const { scales } = resizing(at);
  const axisOf = (axis: number): Resized => {
    const [from, to] = [shape[axis] as number, made[axis] as number];
    return { from, to, scale: scales?.[axis] ?? to / from };
  };
  const isOld = at.node.type === "Upsample" || at.graph.opset < 11;
  const how = isOld ? "asymmetric" : at.text("coordinate_transformation_mode", "half_pixel");
  return { axes: [axisOf(2), axisOf(3)], how };
}

const resize: Translation = (at) => {
  const mode = at.text("mode", "nearest");
  const { axes, how } = planesOf(at);
  if (!coordinates[how])
    at.fail(
      `coordinate_transformation_mode is ${how}. Expected half_pixel, align_corners or asymmetric.`,
    );
  if (mode === "nearest") return nearest(at, axes, how);
  if (mode !== "linear" && mode !== "bilinear")
    at.fail(`mode is ${mode}. Expected nearest or linear.`);
  return linear(at, axes, how);
};

function nearest(at: Spot, axes: readonly [Resized, Resized], how: string): string {
  const round = at.graph.opset < 11 ? "floor" : at.text("nearest_mode", "round_prefer_floor");
  const place = (i: number, axis: Resized): number => {
    const x = rounding[round]?.(coordinates[how]?.(i, axis) ?? 0) ?? 0;
    return Math.min(Math.max(x, 0), axis.from - 1);
  };
  const form = nearestForms.find(([, own]) =>
    axes.every((axis) =>
      Array.from({ length: axis.to }, (_, i) => i).every(
        (i) => Math.min(own(i, axis), axis.from - 1) === place(i, axis),
      ),
    ),
  );
  if (!form) {
    return at.fail(
      `its places (${how}, ${round}) are not those of a layer. Expected asymmetric with floor, or lengths that are multiples.`,
    );
  }
  return at.layer({
    type: "ResizeNearestNeighbor",
    bottom: [at.blob(0)],
    resize_nearest_neighbor_param: { ...form[0], ...size(axes) },
  });
}

function linear(at: Spot, axes: readonly [Resized, Resized], how: string): string {
  const isOther = ({ from, to, scale }: Resized): boolean => Math.abs(from * scale - to) > 1e-3;
  if (how !== "align_corners" && axes.some(isOther)) {
    at.fail(
      `its scales ${axes.map(({ scale }) => scale).join(",")} make no whole lengths. Expected sizes, or scales that do.`,
    );
  }
  const field =
    how === "align_corners"
      ? { align_corners: true }
      : how === "half_pixel"
        ? { half_pixel_centers: true }
        : how === "pytorch_half_pixel"
          ? { pytorch_half_pixel: true }
          : {};
  return at.layer({
    type: "ResizeBilinear",
    bottom: [at.blob(0)],
    resize_bilinear_param: { ...field, ...size(axes) },
  });
}

/** How often each length is there, where that is a whole number, so that images may be of another size; else the length. */
function size([height, width]: readonly [Resized, Resized]): ResizeBilinearParameter {
  const times = [height, width].map(({ from, to }) => to / from);
  const isScale = times.every((factor) => Number.isInteger(factor));
  return {
    data_format: "NCHW",
    ...(isScale
      ? { scale_height: times[0] as number, scale_width: times[1] as number }
      : { output_height: height.to, output_width: width.to }),
  };
}

/** Operators that give planes another size. */
export const resizings: Readonly<Record<string, Translation>> = {
  Resize: resize,
  Upsample: resize,
};
