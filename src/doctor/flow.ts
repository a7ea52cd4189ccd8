import type { LayerParameter } from "../io/proto/caffe.ts";

/**
 * The layers that read what layer `i` leaves in its tops, in order: each up to the one that writes a blob of that name anew,
 * as a layer in place does, which is the last of them.
 */
export function readersOf(layers: readonly LayerParameter[], i: number): LayerParameter[] {
  const found = new Set<LayerParameter>();
  for (const top of layers[i]?.top ?? []) {
    for (const layer of layers.slice(i + 1)) {
      if (layer.bottom?.includes(top)) found.add(layer);
      if (layer.top?.includes(top)) break;
    }
  }
  return [...found];
}

/** The layer that wrote a bottom of layer `i` last; undefined where none did. */
export function makerOf(
  layers: readonly LayerParameter[],
  i: number,
  bottom: string | undefined,
): LayerParameter | undefined {
  if (bottom === undefined) return undefined;
  return layers.slice(0, i).findLast(({ top }) => top?.includes(bottom));
}
