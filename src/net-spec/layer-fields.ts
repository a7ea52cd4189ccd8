import type { LayerParameter } from "../io/proto/caffe.ts";
import { paramFields } from "../io/proto/layer-types.ts";
import { entryOf } from "../util/records.ts";

/** A layer type that `L` has a function for. */
export type LayerType = keyof typeof paramFields;

/** Lists may be written as one entry, messages within messages likewise. */
type Loose<T> = T extends string | number | boolean | Uint8Array
  ? T
  : T extends readonly (infer Entry)[] | Float32Array | Float64Array
    ? Loose<Entry> | readonly Loose<Entry>[]
    : { readonly [Field in keyof T]?: Loose<NonNullable<T[Field]>> };

/** How images are made ready has names of its own, and is written as in a prototxt. */
const INDIRECT = "transform_param";

type Direct<T extends LayerType> = Exclude<(typeof paramFields)[T][number], typeof INDIRECT>;

/**
 * The messages of LayerParameter whose fields a layer of that type may be given directly:
 * `{ num_output: 20 }` for `{ convolution_param: { num_output: 20 } }`.
 */
export function directMessages(type: string): readonly string[] {
  return (entryOf(paramFields, type) ?? []).filter((message) => message !== INDIRECT);
}

/** Messages' own fields, all of several messages together. */
type Together<T> = (T extends unknown ? (one: T) => void : never) extends (all: infer All) => void
  ? All
  : never;

/** What a layer of no particular type may be given. */
export type AnyLayerFields = Loose<Omit<LayerParameter, "type" | "bottom">> & {
  /** Its top is its bottom. */
  readonly in_place?: boolean;
};

/** What `L.<type>` may be given: the fields of its own message, those of every layer, and `in_place`. */
export type LayerFields<T extends LayerType> = AnyLayerFields &
  ([Direct<T>] extends [never]
    ? unknown
    : Together<Loose<NonNullable<LayerParameter[Direct<T> & keyof LayerParameter]>>>);
