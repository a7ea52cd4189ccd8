import {
  type SpatialField,
  type SpatialParameter,
  spatialLengths,
} from "../io/proto/spatial-fields.ts";
import { CaffeError } from "../util/errors.ts";
import type { LayerCall, Top } from "./layer-call.ts";
import { L } from "./layers.ts";

/**
 * Where an element of one blob lies in another: coordinate i of the one is `scale · i + shift` of the other, for
 * each spatial axis (one entry stands for all).
 */
export interface CoordMap {
  /** The axis before the first spatial one, the channels; undefined where no layer between has any. */
  readonly axis: number | undefined;
  readonly scale: readonly number[];
  readonly shift: readonly number[];
}

/** Elementwise layers and those along channels: nothing moves. */
const PASS_THROUGH: ReadonlySet<string> = new Set(
  "AbsVal BatchNorm Bias BNLL Clip Dropout ELU Eltwise Exp Log LRN MVN Power PReLU ReLU Scale Sigmoid Softmax Split Swish TanH Threshold".split(
    " ",
  ),
);

const identity: CoordMap = { axis: undefined, scale: [1], shift: [0] };

/**
 * How a layer maps coordinates of its top to those of its first bottom's.
 * @throws CaffeError where the layer keeps no coordinates (InnerProduct, Reshape, …), or its fields say no window
 * @see pycaffe's coord_map
 */
export function coordMap(layer: LayerCall): CoordMap {
  const map = mapOf(layer);
  if (map) return map;
  throw new CaffeError(
    `a ${layer.type} layer keeps no coordinates. Expected a convolution, a pooling, a crop or an elementwise layer.`,
  );
}

/** `coordMap`; undefined where the layer keeps no coordinates. */
function mapOf({ type, param }: LayerCall): CoordMap | undefined {
  if (PASS_THROUGH.has(type)) return identity;
  if (type === "Convolution" || type === "Im2col") {
    const window = windowOf("convolution_param", param.convolution_param);
    return strided(window, param.convolution_param?.axis);
  }
  if (type === "Pooling" && !param.pooling_param?.global_pooling) {
    return strided(windowOf("pooling_param", param.pooling_param), undefined);
  }
  if (type === "Deconvolution") {
    const { size, stride, pad } = windowOf("convolution_param", param.convolution_param);
    const shift = along((s, p) => (s - 1) / 2 - p, size, pad);
    return { axis: param.convolution_param?.axis ?? 1, scale: stride, shift };
  }
  if (type === "Crop") {
    const { axis = 2, offset = [0] } = param.crop_param ?? {};
    const given = offset.length > 0 ? offset : [0];
    return { axis: axis - 1, scale: [1], shift: given.map((value) => -value) };
  }
  return undefined;
}

interface Window {
  /** With dilation: from the first element to the last. */
  readonly size: readonly number[];
  readonly stride: readonly number[];
  readonly pad: readonly number[];
}

/** @throws CaffeError where a field is not as a layer would take it */
function windowOf(name: string, param: SpatialParameter = {}): Window {
  const fail = (message: string): never => {
    throw new CaffeError(message);
  };
  const read = (field: SpatialField): readonly number[] =>
    spatialLengths(field, param, { name, fail });
  return {
    size: along((k, d) => (k - 1) * d + 1, read("kernel"), read("dilation")),
    stride: read("stride"),
    pad: read("pad"),
  };
}

function strided({ size, stride, pad }: Window, axis = 1): CoordMap {
  const scale = stride.map((s) => 1 / s);
  const offset = along((p, s) => p - (s - 1) / 2, pad, size);
  return { axis, scale, shift: along((o, s) => o / s, offset, stride) };
}

/** f of two lists, a list of one entry standing for any length. */
function along(
  f: (a: number, b: number) => number,
  a: readonly number[],
  b: readonly number[],
): number[] {
  const length = Math.max(a.length, b.length);
  return Array.from({ length }, (_, i) =>
    f(a[a.length === 1 ? 0 : i] ?? 0, b[b.length === 1 ? 0 : i] ?? 0),
  );
}

/** First `next`, then `base`. */
function compose(base: CoordMap, next: CoordMap): CoordMap {
  if (base.axis !== undefined && next.axis !== undefined && base.axis !== next.axis) {
    throw new CaffeError(
      `the layers between see coordinates from axis ${base.axis} and ${next.axis} on. Expected one axis.`,
    );
  }
  const moved = along((scale, shift) => scale * shift, base.scale, next.shift);
  return {
    axis: base.axis ?? next.axis,
    scale: along((a, b) => a * b, base.scale, next.scale),
    shift: along((a, b) => a + b, moved, base.shift),
  };
}

function inverse({ axis, scale, shift }: CoordMap): CoordMap {
  return {
    axis,
    scale: scale.map((value) => 1 / value),
    shift: along((b, a) => -b / a, shift, scale),
  };
}

/**
 * How coordinates of one top map to those of another: back from each to the nearest layer that both come from.
 * @throws CaffeError where there is none, or a layer between keeps no coordinates
 * @see pycaffe's coord_map_from_to
 */
export function coordMapFromTo(from: Top, to: Top): CoordMap {
  const fromMaps = ancestors(from);
  const pending: (readonly [Top, CoordMap])[] = [[to, identity]];
  const seen = new Set<Top>();
  for (let next = pending.shift(); next; next = pending.shift()) {
    const [top, map] = next;
    const other = fromMaps.get(top);
    if (other) return compose(map, inverse(other));
    if (seen.has(top)) continue;
    seen.add(top);
    pending.push(...below(top, map));
  }
  throw new CaffeError("the two tops come from no layer in common. Expected tops of one net.");
}

/** Maps from every top that `top` comes from. */
function ancestors(top: Top): ReadonlyMap<Top, CoordMap> {
  const maps = new Map<Top, CoordMap>();
  const pending: (readonly [Top, CoordMap])[] = [[top, identity]];
  for (let next = pending.shift(); next; next = pending.shift()) {
    const [reached, map] = next;
    if (maps.has(reached)) continue;
    maps.set(reached, map);
    pending.push(...below(reached, map));
  }
  return maps;
}

/** The bottoms one layer down; what a Crop is cut to does not move what it cuts. */
function below({ layer }: Top, map: CoordMap): (readonly [Top, CoordMap])[] {
  const bottoms = layer.type === "Crop" ? layer.bottoms.slice(0, 1) : layer.bottoms;
  if (bottoms.length === 0) return [];
  const step = mapOf(layer);
  // The way down ends at a layer that keeps no coordinates; another way may meet.
  if (!step) return [];
  const composed = compose(map, step);
  return bottoms.map((bottom) => [bottom, composed]);
}

/** A top in a message: its layer's name, where it has one, and type. */
function titleOf({ layer }: Top): string {
  const { name } = layer.param;
  return name === undefined ? `a ${layer.type}` : `"${name}" (${layer.type})`;
}

/**
 * A Crop layer that cuts `from` to the place and size of `to`, its axis and offset found from the layers between.
 * @throws CaffeError that tells which: the two differ in scale, the offset is no whole number, or it is negative
 * @see pycaffe's coord_map.crop
 */
export function crop(from: Top, to: Top): Top {
  const { axis, scale, shift } = coordMapFromTo(from, to);
  const between = `crop of ${titleOf(from)} to ${titleOf(to)}:`;
  const isOne = (value: number): boolean => Math.abs(value - 1) < 1e-9;
  const isWhole = (value: number): boolean => Math.abs(value - Math.round(value)) < 1e-9;
  if (!scale.every(isOne)) {
    const [factor = 1] = scale.filter((value) => !isOne(value));
    const which = factor > 1 ? `the first by ${factor}` : `the second by ${1 / factor}`;
    throw new CaffeError(
      `${between} scale ${scale.join(",")}, one step of the first is as many of the second. Expected 1: upsample ${which}, with a Deconvolution.`,
    );
  }
  const offset = shift.map((value) => 0 - value);
  if (!offset.every(isWhole)) {
    throw new CaffeError(
      `${between} offset ${offset.join(",")}. Expected a whole number: change kernel, stride or pad of a layer between them.`,
    );
  }
  if (!offset.every((value) => value > -0.5)) {
    throw new CaffeError(
      `${between} offset ${offset.join(",")}, the first begins inside the second and is smaller. Expected 0 or more: pad more in the layers of the first.`,
    );
  }
  return L.Crop(from, to, {
    axis: (axis ?? 1) + 1,
    offset: shift.map((value) => Math.abs(Math.round(value))),
  });
}
