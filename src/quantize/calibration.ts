import { chainFrom, isCombination, isProduct } from "../net/build/byte-chains.ts";
import type { Net } from "../net/net.ts";
import type { ArraysByName } from "../net/run/passes-by-name.ts";
import { roledLayers } from "./parts.ts";
import { Spread } from "./spread.ts";

/** What nets are given to find scales from, and to be compared with: batches, the same whenever they are asked for. */
export interface Batches {
  readonly count: number;
  /** The inputs of one; undefined where the net's own layers read them, in their order. */
  inputs(index: number): Promise<ArraysByName | undefined>;
}

/** Runs a batch; the net's blobs hold what it makes. */
export async function runBatch(net: Net, batches: Batches, index: number): Promise<void> {
  const inputs = await batches.inputs(index);
  if (inputs) await net.forward(inputs);
  else await net.forward();
}

/** What values the blobs take that may be kept as bytes. */
export async function calibrate(net: Net, batches: Batches): Promise<ReadonlyMap<string, Spread>> {
  const layers = roledLayers(net);
  const names = layers.flatMap((layer, i) => {
    if (!isProduct(layer) && !isCombination(layer)) return [];
    return [layer.param.bottom?.[0] ?? "", chainFrom(layers, i).top];
  });
  const spreads = new Map(names.map((name) => [name, new Spread(name)]));
  for (let i = 0; i < batches.count; i++) {
    await runBatch(net, batches, i);
    for (const [name, spread] of spreads) {
      const blob = net.blob(name);
      spread.add(blob.dataMem.cpu(), blob.count());
    }
  }
  return spreads;
}
