import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { BuiltLayer } from "../build/build.ts";

/**
 * What a layer's forward reads on the host: everything, if it computes there; of a layer on a device, the bottoms it
 * says it looks at (labels).
 */
export function readByForward({ layer, bottomBlobs, hostBottoms }: BuiltLayer): SyncedMem[] {
  if (layer.engine.device) {
    return hostBottoms.flatMap((i) => bottomBlobs.at(i)?.dataMem ?? []);
  }
  return [...bottomBlobs, ...layer.blobs].map(({ dataMem }) => dataMem);
}

/**
 * What a layer's backward reads on the host: all it has, if it computes there; of a layer on a device, the gradients it
 * says it looks at. That of a loss is its weight, which lies on the host unless another layer reads the loss.
 */
export function readByBackward(built: BuiltLayer): SyncedMem[] {
  const { layer, bottomBlobs, topBlobs, hostTopDiffs } = built;
  if (layer.engine.device) return hostTopDiffs.flatMap((i) => topBlobs[i]?.diffMem ?? []);
  const learned = layer.blobs.flatMap(({ dataMem, diffMem }) => [dataMem, diffMem]);
  const tops = topBlobs.flatMap(({ dataMem, diffMem }) => [dataMem, diffMem]);
  return [...tops, ...bottomBlobs.map(({ dataMem }) => dataMem), ...learned];
}

/** Brings arrays to the host; undefined where there is nothing to wait for. */
export function toHost(mems: readonly SyncedMem[]): Promise<unknown> | undefined {
  const away = mems.filter(({ isOnHost }) => !isOnHost);
  return away.length === 0 ? undefined : Promise.all(away.map((mem) => mem.toHost()));
}
