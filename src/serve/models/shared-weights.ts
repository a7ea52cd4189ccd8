import type { Net } from "../../net/net.ts";

/** Parameters of a net in memory that threads share, in the net's order. */
export type SharedWeights = readonly SharedArrayBuffer[];

/** Moves a net's parameters to memory that other threads may use too. */
export function shareWeights(net: Net): SharedWeights {
  return net.learnableParams.map(({ blob }) => {
    const memory = new SharedArrayBuffer(blob.count() * Float32Array.BYTES_PER_ELEMENT);
    blob.dataMem.moveCpu(new Float32Array(memory));
    return memory;
  });
}

/** Lets a net use the parameters of one that was made of the same file. What an engine makes of them (other layouts) is its own. */
export function useWeights(net: Net, weights: SharedWeights): void {
  net.learnableParams.forEach(({ blob }, i) => {
    const memory = weights[i];
    if (memory) blob.dataMem.borrowCpu(new Float32Array(memory));
  });
}
