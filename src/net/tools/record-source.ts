import type { Net } from "../net.ts";

/** The index of the layer that brings the net's records: the first without bottoms. */
export function recordSource(net: Net): number {
  return net.bottomBlobs.findIndex(
    (bottoms, i) => bottoms.length === 0 && (net.topBlobs[i]?.length ?? 0) > 0,
  );
}
