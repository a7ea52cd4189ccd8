import { readNow } from "../../syncedmem/read-now.ts";
import type { NetGraph } from "../build/graph.ts";

/** The value of one output blob after a forward pass. */
export interface NetOutput {
  readonly name: string;
  readonly lossWeight: number;
  readonly values: ArrayLike<number>;
}

/** `Net.outputValues`: see there. */
export async function outputValues(net: NetGraph): Promise<NetOutput[]> {
  await Promise.all(net.outputBlobs.map(({ dataMem }) => dataMem.toHost()));
  return outputValuesNow(net);
}

/** `Net.outputValuesNow`: see there. */
export function outputValuesNow(net: NetGraph): Promise<NetOutput[]> {
  const outputs = net.outputs.map(async (name) => {
    const blob = net.blob(name);
    const values = readNow(blob.dataMem, (all) => all.slice(0, blob.count()));
    return { name, lossWeight: lossWeightOf(net, name), values: await values };
  });
  return Promise.all(outputs);
}

/** The weight in the objective of the blob of that name; 0 where it is none. */
export function lossWeightOf(net: NetGraph, name: string): number {
  const blob = net.blob(name);
  for (const [i, tops] of net.topBlobs.entries()) {
    const weight = net.lossWeights[i]?.[tops.indexOf(blob)];
    if (weight) return weight;
  }
  return 0;
}
