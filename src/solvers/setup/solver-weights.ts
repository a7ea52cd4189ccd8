import type { Net } from "../../net/net.ts";
import { copyWeights } from "../../net/weights/copy-weights.ts";
import { readWeights, type Weights } from "../../net/weights/weights.ts";
import type { Log } from "../../util/log.ts";

/**
 * Copies weights into a solver's nets: into the one that it trains, and what test nets do not share with it into those.
 *
 * @throws FileError, FormatError where a file cannot be read or holds no blobs; NetError where it fills no layer of any of
 *   the nets, or counts or shapes differ
 * @see Caffe's LoadNetWeights
 */
export function loadWeights(nets: readonly [Net, ...Net[]], weights: Weights, log: Log): void {
  const read = readWeights(weights);
  for (const { source = "weights" } of read) log("info", "solver", `Finetuning from ${source}`);
  copyWeights(nets, read, log);
}

/** Whether a test net has parameters that are not the train net's: training does not make them, nor does a snapshot hold them. */
export function haveOwnParameters([net, ...testNets]: readonly [Net, ...Net[]]): boolean {
  const trained = new Set(net.layers.flatMap(({ blobs }) => blobs.map(({ dataMem }) => dataMem)));
  return testNets.some(({ learnableParams }) =>
    learnableParams.some(({ blob }) => !trained.has(blob.dataMem)),
  );
}
