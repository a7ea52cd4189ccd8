import { paramFields, type TypeWithoutBottoms } from "../io/proto/layer-types.ts";
import { LayerCall, Top } from "./layer-call.ts";
import type { AnyLayerFields, LayerFields, LayerType } from "./layer-fields.ts";

/** What a layer with that many tops gives: the top itself, a list of several, or the layer where it has none. */
export type Tops<N extends number> = N extends 0
  ? LayerCall
  : N extends 1
    ? Top
    : N extends 2
      ? readonly [Top, Top]
      : N extends 3
        ? readonly [Top, Top, Top]
        : readonly Top[];

interface HowMany<N extends number> {
  /** How many tops it has, if not one. */
  readonly ntop?: N;
}

/**
 * Writes one layer: first its bottoms, last its fields. `ntop` says how many tops it has, if not one. `Alone` is what may stand there
 * without bottoms.
 */
export interface LayerFunction<Fields, Alone = Fields> {
  (...bottoms: readonly Top[]): Top;
  <const N extends number = 1, Bottoms extends readonly Top[] = readonly Top[]>(
    ...bottomsAndFields: readonly [
      ...bottoms: Bottoms,
      fields: (Bottoms extends readonly [] ? Alone : Fields) & HowMany<N>,
    ]
  ): Tops<N>;
}

/** A function for each layer type; those that need bottoms take no fields without them. */
type LayerFunctions = {
  readonly [T in LayerType]: LayerFunction<
    LayerFields<T>,
    T extends TypeWithoutBottoms ? LayerFields<T> : Top
  >;
};

/**
 * One function for each layer type, to write nets with:
 *
 *     const conv1 = L.Convolution(data, { num_output: 20, kernel_size: 5 });
 *
 * Fields are those of the prototxt, the ones of the type's own message directly; a repeated field may be given one
 * value. What Caffe has not, and other Caffes have, stands in `forks`, here as in messages within:
 * `{ num_output: 20, forks: { relu: true } }`. Nothing is built yet: `NetSpec` or `toProto` makes the net's parameter of it.
 *
 * @see pycaffe's caffe.layers
 */
export const L: LayerFunctions = Object.fromEntries(
  Object.keys(paramFields).map((type) => [type, (...args: readonly unknown[]) => call(type, args)]),
) as unknown as LayerFunctions;

/** Writes a layer of a type that `L` does not know: one of the user's own. */
export function layerOf<const N extends number = 1>(
  type: string,
  bottoms: readonly Top[] = [],
  fields: AnyLayerFields & HowMany<N> = {},
): Tops<N> {
  return call(type, [...bottoms, fields]) as Tops<N>;
}

function call(type: string, args: readonly unknown[]): Top | LayerCall | readonly Top[] {
  const bottoms = args.filter((arg) => arg instanceof Top);
  const last = args.at(-1);
  const fields = last instanceof Top || last === undefined ? {} : (last as Record<string, unknown>);
  const layer = new LayerCall(type, bottoms, fields);
  if (layer.tops.length === 0) return layer;
  return layer.tops.length === 1 ? (layer.tops[0] as Top) : layer.tops;
}
