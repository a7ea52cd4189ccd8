import type { ForkFields, LayerParameter, MessageFields, Messages } from "../io/proto/caffe.ts";
import { paramFields } from "../io/proto/layer-types.ts";
import { entryOf } from "../util/records.ts";

/** A layer type that `L` has a function for. */
export type LayerType = keyof typeof paramFields;

/** How images are made ready has names of its own, and is written as in a prototxt. */
const INDIRECT = "transform_param";

/** The parameters that a layer type reads. */
type Read<T extends LayerType> = (typeof paramFields)[T][number];

/**
 * The messages of LayerParameter whose fields a layer of that type may be given directly:
 * `{ num_output: 20 }` for `{ convolution_param: { num_output: 20 } }`.
 */
export function directMessages(type: string): readonly string[] {
  return (entryOf(paramFields, type) ?? []).filter((message) => message !== INDIRECT);
}

/** The fields of a message that are messages, and whose. */
type Inner<M> = M extends keyof MessageFields ? MessageFields[M] : unknown;

type Single<T> = T extends readonly (infer Entry)[] ? Entry : T;

/** What a field may be given: lists may be written as one entry, messages within messages likewise. */
type Given<T, Message> = [Message] extends [keyof Messages]
  ? T extends readonly unknown[]
    ? Fields<Message> | readonly Fields<Message>[]
    : Fields<Message>
  : T extends Float32Array | Float64Array
    ? number | ArrayLike<number>
    : T extends readonly unknown[]
      ? Single<T> | T
      : T;

/** Fields of a message `M` that are declared in T. */
type Loose<T, M extends keyof Messages> = {
  readonly [F in keyof T]?: Given<
    NonNullable<T[F]>,
    F extends keyof Inner<M> ? Inner<M>[F] : undefined
  >;
};

/** A message's fields, Caffe's and this package's, and one more with what other Caffes have. */
type Fields<M extends keyof Messages> = M extends keyof ForkFields
  ? Loose<Omit<Messages[M], keyof ForkFields[M]>, M> & Forks<Loose<ForkFields[M], M>>
  : Loose<Messages[M], M>;

interface Forks<F> {
  /** Fields that other Caffes have here: NVIDIA's, Intel's, SSD's and more. */
  readonly forks?: F;
}

/** The message of a parameter of LayerParameter. */
type MessageOf<Param> = Param extends keyof MessageFields["LayerParameter"]
  ? MessageFields["LayerParameter"][Param]
  : never;

/** The fields of several messages, all of them together. */
type Together<M> = (M extends keyof Messages ? (one: Fields<M>) => void : never) extends (
  all: infer All,
) => void
  ? All
  : unknown;

/** What a call says of the layer otherwise, or for itself: its type and bottoms; what binary files alone hold. */
type Said = "type" | "bottom" | "own";

/** The parameters of all layer types. */
type Params = Extract<keyof LayerParameter, `${string}_param`>;

/** What every layer may be given. */
type OfEveryLayer = Loose<
  Omit<LayerParameter, Said | Params | keyof ForkFields["LayerParameter"]>,
  "LayerParameter"
> &
  Forks<Loose<Omit<ForkFields["LayerParameter"], Params>, "LayerParameter">>;

interface InPlace {
  /** Its top is its bottom. */
  readonly in_place?: boolean;
}

/** What a layer of no particular type may be given. */
export type AnyLayerFields = Omit<Fields<"LayerParameter">, Said> & InPlace;

/**
 * What `L.<type>` may be given: the fields of its own message, or that message as a prototxt has it; those of every layer; and `in_place`.
 * What other Caffes have stands in `forks`.
 */
export type LayerFields<T extends LayerType> = Together<
  MessageOf<Exclude<Read<T>, typeof INDIRECT>>
> &
  OfEveryLayer &
  Loose<Pick<LayerParameter, Read<T>>, "LayerParameter"> &
  InPlace;
