import type { LayerParameter } from "../../io/proto/caffe.ts";
import type { ByteRole } from "../../layers/base/byte-role.ts";
import type { LayerClass } from "../../layers/registry.ts";

/** A layer of a net with splits, and what it is where arrays are kept as bytes. */
export interface RoledLayer {
  readonly param: LayerParameter;
  readonly role: ByteRole | undefined;
}

/**
 * A layer with those behind it that belong to its result: lines per channel, or a sum with another blob behind them, and a rectifier.
 * An engine may do all of it at once; the result is rounded to bytes once, behind the last.
 */
export interface ByteChain {
  /** Indices of layers, in order. */
  readonly layers: readonly number[];
  /** How many of the followers are lines. */
  readonly lines: number;
  /** Among the followers, a sum, and its bottom that the chain does not make. */
  readonly sum?: { readonly layer: number; readonly other: string };
  /** The blob that the last one writes. */
  readonly top: string;
  /** Nothing of the result is below 0. */
  readonly isRectified: boolean;
}

/** A layer with what its class says. */
export function roledLayer(
  param: LayerParameter,
  { byteRole }: Pick<LayerClass, "byteRole">,
): RoledLayer {
  return { param, role: byteRole(param) };
}

/** Whether a layer multiplies one blob by what it has learned. */
export function isProduct({ param: { bottom, top }, role }: RoledLayer): boolean {
  const multiplies = role === "product" || role === "product of rows";
  return multiplies && bottom?.length === 1 && top?.length === 1;
}

/** Whether a layer combines blobs of one shape. */
export function isCombination({ role }: RoledLayer): boolean {
  return role === "sum" || role === "combination";
}

/** The chain that begins with a layer of one top. */
export function chainFrom(layers: readonly RoledLayer[], first: number): ByteChain {
  const chain = [first];
  const start = layers[first];
  const isFolding = start?.role === "product";
  let top = start?.param.top?.[0] ?? "";
  let readers = readersOf(layers, top, first);
  let lines = 0;
  let sum: ByteChain["sum"];
  while (isFolding && isInPlace(layers[readers[0] ?? -1], top, ["line"])) {
    chain.push(readers.shift() as number);
    lines++;
  }
  const [next = -1] = readers;
  const other = isFolding && readers.length === 1 ? otherOfSum(layers[next], top) : undefined;
  if (other !== undefined && next === first + chain.length) {
    chain.push(next);
    sum = { layer: next, other };
    top = layers[next]?.param.top?.[0] ?? "";
    readers = readersOf(layers, top, next);
  }
  const rectifier = layers[readers[0] ?? -1];
  const isTaken = isInPlace(rectifier, top, ["rectifier", "leaky rectifier"]);
  if (isTaken) chain.push(readers[0] as number);
  const isRectified = isTaken && rectifier?.role === "rectifier";
  return { layers: chain, lines, ...(sum && { sum }), top, isRectified };
}

function readersOf(layers: readonly RoledLayer[], blob: string, from: number): number[] {
  return layers.flatMap(({ param: { bottom = [] } }, i) =>
    i > from && bottom.includes(blob) ? [i] : [],
  );
}

/** Whether a layer of one of these roles works on that blob in place. */
function isInPlace(
  layer: RoledLayer | undefined,
  blob: string,
  roles: readonly ByteRole[],
): boolean {
  const { bottom = [], top = [] } = layer?.param ?? {};
  const isThere = bottom.length === 1 && top.length === 1 && bottom[0] === blob && top[0] === blob;
  return isThere && layer?.role !== undefined && roles.includes(layer.role);
}

/** What a layer adds to that blob; undefined where it does anything else. */
function otherOfSum(layer: RoledLayer | undefined, blob: string): string | undefined {
  const [a, b, ...more] = layer?.param.bottom ?? [];
  if (layer?.role !== "sum" || more.length > 0 || a === b) return undefined;
  return a === blob ? b : a;
}
