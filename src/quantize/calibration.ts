import { chainFrom, isCombination, isProduct } from "../net/build/byte-chains.ts";
import type { Net } from "../net/net.ts";
import type { LayerCallback } from "../net/run/layer-runner.ts";
import type { ArraysByName } from "../net/run/passes-by-name.ts";
import { roledLayers } from "./parts.ts";
import { Spread } from "./spread.ts";

/** What nets are given to find scales from, and to be compared with: batches, the same whenever they are asked for. */
export interface Batches {
  readonly count: number;
  /** The inputs of one; undefined where the net's own layers read them, in their order. */
  inputs(index: number): Promise<ArraysByName | undefined>;
}

/** What values blobs take that may be kept as bytes, by the index of the layer that reads or makes them. */
export interface Spreads {
  readonly read: ReadonlyMap<number, Spread>;
  /** Behind all that belongs to the layer's result. */
  readonly made: ReadonlyMap<number, Spread>;
}

/** Runs a batch; the net's blobs hold what it makes. */
export async function runBatch(net: Net, batches: Batches, index: number): Promise<void> {
  const inputs = await batches.inputs(index);
  if (inputs) await net.forward(inputs);
  else await net.forward();
}

/** What values the blobs take that may be kept as bytes. They are looked at in between: layers behind may write over them. */
export async function calibrate(net: Net, batches: Batches): Promise<Spreads> {
  const layers = roledLayers(net);
  const read = new Map<number, Spread>();
  const made = new Map<number, Spread>();
  /** By the last layer of chains: a sum's own may end where that of a product before it does. */
  const ending = new Map<number, Spread[]>();
  layers.forEach((layer, i) => {
    if (!isProduct(layer) && !isCombination(layer)) return;
    const chain = chainFrom(layers, i);
    read.set(i, new Spread(layer.param.bottom?.[0] ?? ""));
    const result = new Spread(chain.top);
    made.set(i, result);
    const last = chain.layers.at(-1) ?? i;
    ending.set(last, [...(ending.get(last) ?? []), result]);
  });
  const before: LayerCallback = (i) => {
    const blob = net.bottomBlobs[i]?.[0];
    if (blob) read.get(i)?.add(blob.dataMem.cpu(), blob.count());
  };
  const after: LayerCallback = (i) => {
    const blob = net.topBlobs[i]?.[0];
    if (blob)
      for (const spread of ending.get(i) ?? []) spread.add(blob.dataMem.cpu(), blob.count());
  };
  net.beforeForward.push(before);
  net.afterForward.push(after);
  for (let i = 0; i < batches.count; i++) await runBatch(net, batches, i);
  return { read, made };
}
