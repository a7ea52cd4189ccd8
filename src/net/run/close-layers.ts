import type { Log } from "../../util/log.ts";
import type { BuiltLayer } from "../build/build.ts";

/**
 * Closes every layer, also those behind one that fails.
 * @throws what the first that failed threw
 */
export function closeLayers(layers: readonly BuiltLayer[]): void {
  const errors: unknown[] = [];
  for (const { layer } of layers) {
    try {
      layer.close();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

/** Frees the blobs of layers that are closed, and lets engines give the memory back to the system. */
export function freeBlobs(layers: readonly BuiltLayer[]): void {
  const params = layers.flatMap(({ layer }) => layer.blobs.map(({ dataMem }) => dataMem));
  const held = params.map((mem) => ({ mem, array: mem.soleCpu }));
  for (const { layer, topBlobs } of layers) {
    for (const blob of [...topBlobs, ...layer.blobs]) blob.free();
  }
  const freed = held.filter(({ mem }) => mem.isFreed);
  for (const work of new Set(layers.map(({ layer }) => layer.engine.work))) work?.giveBack(freed);
}

/** Closes the layers of nets that were forgotten unclosed, so that no thread or file outlives its net. */
export const forgottenNets = new FinalizationRegistry<{
  readonly layers: readonly BuiltLayer[];
  readonly log: Log;
}>(({ layers, log }) => {
  try {
    closeLayers(layers);
  } catch (error) {
    // The collector calls: an error could not be caught.
    log("warning", "net", `A net that nobody closed: ${(error as Error).message}`);
  }
});
