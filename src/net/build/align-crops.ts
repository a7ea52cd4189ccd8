import type { LayerParameter, NetParameter } from "../../io/proto/caffe.ts";
import { type CoordMap, compose, cropOf, inverse, unmoved } from "../../layers/base/coord-map.ts";
import type { LayerRegistry } from "../../layers/registry.ts";
import { CaffeError, LayerError } from "../../util/errors.ts";

/** A blob on the way down from a bottom, and the layer that makes it; undefined where the way ends. */
interface Step {
  readonly blob: string;
  readonly layer: LayerParameter | undefined;
}

/** What makes each blob: of several layers in place on one the first. */
type Makers = ReadonlyMap<string, LayerParameter>;

/**
 * The net with the axis and the offset of every layer that asks for them (`crop_param { align: true }`), from the layers between its
 * bottoms: the way goes down from each by the first bottoms, to where the two meet.
 *
 * @param net filtered by state
 * @throws LayerError where the ways do not meet, a layer on them keeps no coordinates, or there is no such offset
 * @see CropLayer of FCN's branch of Caffe
 */
export function alignCrops(net: NetParameter, registry: LayerRegistry): NetParameter {
  const layers = net.layer ?? [];
  if (!layers.some(({ crop_param }) => crop_param?.align)) return net;
  const makers = new Map<string, LayerParameter>();
  const layer = layers.map((given) => {
    const one = given.crop_param?.align ? aligned(given, makers, registry) : given;
    for (const top of one.top ?? []) if (!makers.has(top)) makers.set(top, one);
    return one;
  });
  return { ...net, layer };
}

function aligned(layer: LayerParameter, makers: Makers, registry: LayerRegistry): LayerParameter {
  const [from, to] = layer.bottom ?? [];
  // The wrong number of bottoms is told of where layers are set up.
  if (from === undefined || to === undefined) return layer;
  const { axis: _axis, offset: given = [], align: _align, ...rest } = layer.crop_param ?? {};
  try {
    if (given.length > 0) {
      throw new CaffeError("crop_param has offset and align: true. Expected one of them.");
    }
    const found = cropOf(mapBetween(from, to, makers, registry), `crop of '${from}' to '${to}':`);
    return { ...layer, crop_param: { ...rest, ...found } };
  } catch (error) {
    if (!(error instanceof CaffeError)) throw error;
    throw new LayerError(layer, error.message, { cause: error });
  }
}

/** How places of one blob lie in another. */
function mapBetween(from: string, to: string, makers: Makers, registry: LayerRegistry): CoordMap {
  const [one, other] = [wayDown(from, makers), wayDown(to, makers)];
  const below = new Set(one.map(({ blob }) => blob));
  const meeting = other.find(({ blob }) => below.has(blob));
  if (!meeting) {
    throw new CaffeError(
      `'${from}' and '${to}' come from no blob in common. Expected blobs of one image; or give crop_param { offset }.`,
    );
  }
  const first = mapDown(one, meeting.blob, registry);
  return compose(mapDown(other, meeting.blob, registry), inverse(first));
}

function wayDown(blob: string, makers: Makers): readonly Step[] {
  const way: Step[] = [];
  const seen = new Set<string>();
  for (let next: string | undefined = blob; next !== undefined && !seen.has(next); ) {
    const layer = makers.get(next);
    way.push({ blob: next, layer });
    seen.add(next);
    next = layer?.bottom?.[0];
  }
  return way;
}

/** How places of a way's first blob lie in that of a name. */
function mapDown(way: readonly Step[], to: string, registry: LayerRegistry): CoordMap {
  let map = unmoved();
  for (const { blob, layer } of way) {
    if (blob === to) break;
    const { type = "", name = "" } = layer ?? {};
    const step = layer && registry.get(type)?.coordMap(layer, 0);
    if (!step) {
      throw new CaffeError(
        `layer "${name}" (${type}) lies between the bottoms and keeps no coordinates. Expected convolutions, poolings, crops and elementwise layers; or give crop_param { offset }.`,
      );
    }
    map = compose(map, step);
  }
  return map;
}
