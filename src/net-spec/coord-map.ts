import { type CoordMap, compose, cropOf, inverse, unmoved } from "../layers/base/coord-map.ts";
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
  const between = `crop of ${titleOf(from)} to ${titleOf(to)}:`;
  return L.Crop(from, to, cropOf(coordMapFromTo(from, to), between));
}
