import { along, type CoordMap, unmoved } from "../layers/base/coord-map.ts";
import { LayerRegistry } from "../layers/registry.ts";
import { CaffeError } from "../util/errors.ts";
import type { LayerCall, Top } from "./layer-call.ts";
import { L } from "./layers.ts";

/**
 * How a layer maps coordinates of its top to those of its first bottom's: as its class says.
 * @throws CaffeError where the layer keeps no coordinates (InnerProduct, Reshape, …), or its fields say no window
 * @see pycaffe's coord_map
 */
export function coordMap(layer: LayerCall): CoordMap {
  const map = mapOf(layer, 0);
  if (map) return map;
  throw new CaffeError(
    `a ${layer.type} layer keeps no coordinates. Expected a convolution, a pooling, a crop or an elementwise layer.`,
  );
}

/** The map to a bottom's coordinates; undefined where the layer keeps none. */
function mapOf({ type, param }: LayerCall, bottomIndex: number): CoordMap | undefined {
  return new LayerRegistry().get(type)?.coordMap(param, bottomIndex);
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
  const pending: (readonly [Top, CoordMap])[] = [[to, unmoved()]];
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
  const pending: (readonly [Top, CoordMap])[] = [[top, unmoved()]];
  for (let next = pending.shift(); next; next = pending.shift()) {
    const [reached, map] = next;
    if (maps.has(reached)) continue;
    maps.set(reached, map);
    pending.push(...below(reached, map));
  }
  return maps;
}

/** The bottoms one layer down. The way ends at one whose coordinates are not kept; another way may meet. */
function below({ layer }: Top, map: CoordMap): (readonly [Top, CoordMap])[] {
  return layer.bottoms.flatMap((bottom, i): (readonly [Top, CoordMap])[] => {
    const step = mapOf(layer, i);
    return step ? [[bottom, compose(map, step)]] : [];
  });
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
