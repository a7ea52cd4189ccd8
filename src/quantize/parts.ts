import type { LayerParameter } from "../io/proto/caffe.ts";
import type { Layer } from "../layers/base/layer.ts";
import type { LayerClass } from "../layers/registry.ts";
import {
  type ByteChain,
  chainFrom,
  isCombination,
  isProduct,
  type RoledLayer,
  roledLayer,
} from "../net/build/byte-chains.ts";
import type { Net } from "../net/net.ts";

/** A layer that multiplies, with those that belong to its result. */
export interface Product {
  readonly layer: number;
  readonly name: string;
  readonly chain: ByteChain;
  /** Something behind it reads bytes, so that it gives some. */
  readonly givesBytes: boolean;
}

/** What of a net may be of bytes. */
export interface Parts {
  readonly products: readonly Product[];
  /** Sums by themselves whose bottoms and tops are bytes. */
  readonly sums: readonly { readonly name: string; readonly chain: ByteChain }[];
  /** Layers that join bytes. */
  readonly joints: readonly { readonly name: string; readonly top: string }[];
  /** Blobs whose bytes mean the same: behind pooling, splits and where blobs are joined. The first name of each stands for all. */
  readonly groups: ReadonlyMap<string, string>;
}

/**
 * Finds what of a net may be of bytes.
 * @param isFloat layers that are to stay as they are
 */
export function partsOf(
  layers: readonly RoledLayer[],
  isFloat: (layer: LayerParameter) => boolean,
): Parts {
  const products = layers.flatMap((layer, i) =>
    isProduct(layer) && !isFloat(layer.param) ? [i] : [],
  );
  const chains = new Map(products.map((i) => [i, chainFrom(layers, i)]));
  const inChains = new Set([...chains.values()].flatMap((chain) => chain.layers.slice(1)));
  const wanted = wantedBlobs(layers, chains, inChains);
  const made = new Set<string>();
  const sums: { name: string; chain: ByteChain }[] = [];
  const joints: { name: string; top: string }[] = [];
  const groups = new Map<string, string>();
  const nameOf = (blob: string): string => {
    const next = groups.get(blob);
    return next === undefined ? blob : nameOf(next);
  };
  const join = (a: string, b: string): void => {
    const [first, second] = [nameOf(a), nameOf(b)];
    if (first !== second) groups.set(second, first);
  };
  layers.forEach((layer, i) => {
    const { bottom = [], top = [], name = "" } = layer.param;
    const chain = chains.get(i);
    if (chain) {
      if (wanted.has(chain.top)) made.add(chain.top);
      return;
    }
    if (inChains.has(i)) return;
    const areMade = bottom.length > 0 && bottom.every((blob) => made.has(blob));
    const [first = ""] = top;
    if (!(keeps(layer) || isCombination(layer))) for (const blob of top) made.delete(blob);
    if (!areMade || !(layer.role === "passed" || wanted.has(first))) return;
    if (isCombination(layer)) {
      const own = chainFrom(layers, i);
      for (const j of own.layers) inChains.add(j);
      sums.push({ name, chain: own });
      made.add(own.top);
    } else if (keeps(layer)) {
      if (layer.role === "joined") joints.push({ name, top: first });
      for (const blob of top) {
        for (const below of bottom) join(below, blob);
        made.add(blob);
      }
    }
  });
  return {
    products: products.map((i) => {
      const { name = "" } = layers[i]?.param ?? {};
      const chain = chains.get(i) as ByteChain;
      return { layer: i, name, chain, givesBytes: made.has(chain.top) };
    }),
    sums,
    joints,
    groups: new Map([...groups.keys()].map((blob) => [blob, nameOf(blob)])),
  };
}

/** Whether a layer's result is bytes where its bottoms are. */
function keeps({ role }: RoledLayer): boolean {
  return role === "passed" || role === "kept" || role === "joined" || role === "rectifier";
}

/** A net's layers with what they are where arrays are kept as bytes. */
export function roledLayers({ layers }: Net): readonly RoledLayer[] {
  return layers.map((layer: Layer) =>
    roledLayer(layer.param, layer.constructor as unknown as LayerClass),
  );
}

/** Blobs that something reads as bytes. */
function wantedBlobs(
  layers: readonly RoledLayer[],
  chains: ReadonlyMap<number, ByteChain>,
  inChains: ReadonlySet<number>,
): ReadonlySet<string> {
  const wanted = new Set<string>();
  for (let i = layers.length - 1; i >= 0; i--) {
    const layer = layers[i] as RoledLayer;
    const { bottom = [], top = [] } = layer.param;
    const chain = chains.get(i);
    if (chain) {
      wanted.add(bottom[0] ?? "");
      if (chain.sum) wanted.add(chain.sum.other);
    } else if ((keeps(layer) || isCombination(layer)) && top.some((blob) => wanted.has(blob))) {
      for (const blob of bottom) wanted.add(blob);
    } else if (!inChains.has(i)) {
      // What a layer of floats makes in place was floats before it too.
      for (const blob of top) wanted.delete(blob);
    }
  }
  return wanted;
}
