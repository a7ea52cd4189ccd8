import { withDefaults } from "../../io/proto/messages.ts";
import { type Padding, spatialLengths, spatialPadding } from "../../io/proto/spatial-fields.ts";
import { samePadding } from "../../layers/base/convolution-geometry.ts";
import type { Attributes } from "../graph/attributes.ts";
import { type Axis, type FreeAxis, FreeAxisError, fixed } from "../graph/axes.ts";
import { asFloat, pad } from "../graph/operators.ts";
import type { Site, Translation } from "./site.ts";

/** How windows go over an array's places, one entry for each axis of them. */
interface Windows {
  readonly method: "MAX" | "AVE";
  readonly kernel: readonly number[];
  readonly stride: readonly number[];
  readonly padding: Padding | "same";
  /** Whether a last window that is not whole counts. */
  readonly isCeiled: boolean;
  /** Whether an average's divisor counts padding. */
  readonly countsPadding: boolean;
}

/** What a maximum over nothing is. */
const LOWEST = -3.4028234663852886e38;

/** Maxima or averages of windows, and the places of maxima in the whole array where `indices` asks for them. */
export function pool(
  at: Site,
  x: string,
  places: readonly Axis[],
  windows: Windows,
  indices = false,
): readonly string[] {
  const isFree = places.some((length) => typeof length !== "number");
  return isFree
    ? poolAnySize(at, x, places, windows, indices)
    : poolKnownSize(at, x, places.map(fixed), windows, indices);
}

/** Every window by its place: what ceiling adds is padding behind, which no divisor counts. */
function poolKnownSize(
  at: Site,
  x: string,
  places: readonly number[],
  windows: Windows,
  indices: boolean,
): readonly string[] {
  const { kernel, stride, method, isCeiled } = windows;
  const isSame = windows.padding === "same";
  const { before, behind } = isSame
    ? samePadding(places, kernel, stride)
    : (windows.padding as Padding);
  const isPadded = [...before, ...behind].some((length) => length > 0);
  const round = isCeiled && !isSame ? Math.ceil : Math.floor;
  const counts = places.map((length, i) => {
    const all = length + before[i]! + behind[i]!;
    const count = round((all - kernel[i]!) / stride[i]!) + 1;
    return isPadded && (count - 1) * stride[i]! >= length + before[i]! ? count - 1 : count;
  });
  // Without padding a last window may begin behind the array.
  const beyond = counts.map((count, i) =>
    Number((count - 1) * stride[i]! >= places[i]! + before[i]!),
  );
  const needed = places.map((length, i) =>
    Math.max(0, (counts[i]! - beyond[i]! - 1) * stride[i]! + kernel[i]! - length - before[i]!),
  );
  const g = at.graph;
  const zeros = [0, 0, ...kernel.map(() => 0)];
  const withEmpty = (y: string): string =>
    pad(g, y, zeros, [0, 0, ...beyond], method === "MAX" ? LOWEST : 0);
  const common: Attributes = { kernel_shape: kernel, strides: stride };
  if (method === "MAX") {
    const pads = [...before, ...needed];
    const [y, ...mask] = g.ops("MaxPool", [x], indices ? 2 : 1, { ...common, pads });
    return [withEmpty(y as string), ...mask];
  }
  const counted = windows.countsPadding ? behind : needed.map(() => 0);
  const overflow = needed.map((length, i) => Math.max(0, length - counted[i]!));
  if (!windows.countsPadding || overflow.every((length) => length === 0)) {
    const pads = [...before, ...needed];
    const count_include_pad = Number(windows.countsPadding);
    return [withEmpty(g.op("AveragePool", [x], { ...common, pads, count_include_pad }))];
  }
  const padded = pad(g, x, [0, 0, ...before], [0, 0, ...behind]);
  const pads = [...before.map(() => 0), ...overflow];
  return [withEmpty(g.op("AveragePool", [padded], { ...common, pads, count_include_pad: 0 }))];
}

/** ONNX's own rounding, wherever it is Caffe's for every size. */
function poolAnySize(
  at: Site,
  x: string,
  places: readonly Axis[],
  windows: Windows,
  indices: boolean,
): readonly string[] {
  const { kernel, stride, padding, method, countsPadding } = windows;
  const g = at.graph;
  const isCeiled = windows.isCeiled && padding !== "same" && stride.some((step) => step > 1);
  const { before, behind } = padding === "same" ? { before: [], behind: [] } : (padding as Padding);
  const isPadded = [...before, ...behind].some((length) => length > 0);
  // Where a last window may begin behind the array, Caffe and the versions of ONNX each drop it by a rule of their own.
  const mayBeBehind = stride.some((step, i) => step + (behind[i] ?? 0) > kernel[i]!);
  const mayBeLess = places.some(
    (length, i) => typeof length !== "number" && stride[i]! > kernel[i]!,
  );
  if ((isCeiled && mayBeBehind) || (isCeiled && mayBeLess)) {
    throw new FreeAxisError(places.find((length) => typeof length !== "number") as FreeAxis);
  }
  const common: Attributes = {
    kernel_shape: kernel,
    strides: stride,
    ...(isCeiled && { ceil_mode: 1 }),
  };
  const own: Attributes =
    padding === "same" ? { auto_pad: "SAME_UPPER" } : { pads: [...before, ...behind] };
  if (method === "MAX") return g.ops("MaxPool", [x], indices ? 2 : 1, { ...common, ...own });
  if (isCeiled && isPadded && countsPadding) {
    const padded = pad(g, x, [0, 0, ...before], [0, 0, ...behind]);
    return [g.op("AveragePool", [padded], { ...common, count_include_pad: 0 })];
  }
  const count_include_pad = Number(countsPadding && !isCeiled);
  return [g.op("AveragePool", [x], { ...common, ...own, count_include_pad })];
}

const pooling: Translation = (at) => {
  const { graph: g, x } = at;
  const param = withDefaults("PoolingParameter", at.param.pooling_param);
  const written = at.param.pooling_param ?? {};
  const axes = { name: "pooling_param", count: 2, fail: at.failing };
  const places = x.axes.slice(2);
  const method = param.pool === "MAX" || param.pool === "STOCHASTIC" ? param.pool : "AVE";
  const isMask = at.tops.length > 1;
  const run = (value: string): readonly string[] => {
    const kind = method === "MAX" ? "MAX" : "AVE";
    if (param.global_pooling && !isMask) {
      return [g.op(kind === "MAX" ? "GlobalMaxPool" : "GlobalAveragePool", [value])];
    }
    const windows: Windows = {
      method: kind,
      kernel: param.global_pooling ? places.map(fixed) : spatialLengths("kernel", written, axes),
      stride: spatialLengths("stride", written, axes),
      padding: spatialPadding(written, axes),
      isCeiled: param.round_mode !== "FLOOR",
      countsPadding: param.pool === "AVE" && param.avg_include_pad !== false,
    };
    return pool(at, value, places, windows, isMask);
  };
  if (method === "STOCHASTIC") return meanOfDrawn(at, run);
  const [y = "", mask] = run(x.value);
  if (mask === undefined) return y;
  // ONNX counts through the whole array.
  const plane = g.op("Mul", [at.lengthOf(places[0] as Axis), at.lengthOf(places[1] as Axis)]);
  return [y, asFloat(g, g.op("Mod", [mask, plane]))];
};

/** Σ x² / Σ x over each window, 0 where Σ x is not above 0: divisors cancel out. */
function meanOfDrawn(at: Site, run: (value: string) => readonly string[]): string {
  const { graph: g, x } = at;
  const [sums = ""] = run(x.value);
  const [squares = ""] = run(g.op("Mul", [x.value, x.value]));
  const isSome = g.op("Greater", [sums, g.floats([0])]);
  const ratio = g.op("Div", [squares, g.op("Where", [isSome, sums, g.floats([1])])]);
  return g.op("Where", [isSome, ratio, g.floats([0])]);
}

const pooling3d: Translation = (at) => {
  const param = withDefaults("Pooling3DParameter", at.param.pooling3d_param);
  const { kernel_size = 1, kernel_depth = 1, stride, temporal_stride } = param;
  const ends = [0, param.pad, param.pad];
  // Frames first, then time: padding of the one is not known to the other.
  const flat: Windows = {
    method: param.pool === "MAX" ? "MAX" : "AVE",
    kernel: [1, kernel_size, kernel_size],
    stride: [1, stride, stride],
    padding: { before: ends, behind: ends },
    isCeiled: true,
    countsPadding: true,
  };
  const none = [0, 0, 0];
  const places = at.x.axes.slice(2);
  const [frames = ""] = pool(at, at.x.value, places, flat);
  return pool(at, frames, [places[0] as Axis, ...at.y.axes.slice(3)], {
    ...flat,
    kernel: [kernel_depth, 1, 1],
    stride: [temporal_stride, 1, 1],
    padding: { before: none, behind: none },
  });
};

/** Windows' maxima and averages. */
export const poolings: Readonly<Record<string, Translation>> = {
  Pooling: pooling,
  Pooling3D: pooling3d,
};
