import type { SyncedMem } from "../syncedmem/synced-mem.ts";
import type { BuiltLayer } from "./build.ts";

/**
 * What a layer's forward reads on the host: everything, if it computes there; of a layer on a device, the bottoms it
 * says it looks at (labels).
 */
export function readByForward({ layer, bottomBlobs, hostBottoms }: BuiltLayer): SyncedMem[] {
  if (layer.device) {
    return hostBottoms.flatMap((i) => bottomBlobs.at(i)?.data ?? []);
  }
  return [...bottomBlobs, ...layer.blobs].map(({ data }) => data);
}

/** What a layer's backward reads on the host: all it has, if it computes there. */
export function readByBackward({ layer, bottomBlobs, topBlobs }: BuiltLayer): SyncedMem[] {
  if (layer.device) return [];
  const learned = layer.blobs.flatMap(({ data, diff }) => [data, diff]);
  const tops = topBlobs.flatMap(({ data, diff }) => [data, diff]);
  return [...tops, ...bottomBlobs.map(({ data }) => data), ...learned];
}

/** Brings arrays to the host; undefined where there is nothing to wait for. */
export function toHost(mems: readonly SyncedMem[]): Promise<unknown> | undefined {
  const away = mems.filter(({ isOnHost }) => !isOnHost);
  return away.length === 0 ? undefined : Promise.all(away.map((mem) => mem.toHost()));
}
