import { type JoinedLayer, usersOf } from "../build/blob-users.ts";
import type { Fusion } from "./fusion.ts";

/** A layer whose result is made again before backward reads it, rather than kept from forward on. */
export interface Repetition {
  /** It has one top, and runs as one with layers that work in place on that. */
  readonly producer: number;
  /** The only layer that reads the result. */
  readonly reader: number;
}

/**
 * Finds layers that are cheap to run again, on data that stays as it is: a convolution of an image's few channels makes
 * the largest blob of many a net in the time that it takes to write it.
 * @see Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016
 */
export function findRepetitions(
  layers: readonly JoinedLayer[],
  fusions: readonly Fusion[],
): Repetition[] {
  const found: Repetition[] = [];
  layers.forEach(({ layer, bottomBlobs, topBlobs, needsBackward }, producer) => {
    const [[bottom], [top]] = [bottomBlobs, topBlobs];
    if (!bottom || !top || topBlobs.length !== 1 || !needsBackward) return;
    if (layer.engine.device || !layer.fusion?.isCheapToRepeat?.()) return;
    const [first = -1, ...rest] = usersOf(layers, bottom);
    const isOfSource = layers[first]?.bottomBlobs.length === 0 && rest.length === 1;
    const fusion = fusions.find((one) => one.producer === producer);
    const followers = fusion?.followers ?? [];
    const [reader = -1, ...others] = usersOf(layers, top).filter(
      (i) => i !== producer && !followers.includes(i),
    );
    const next = layers[reader];
    // Without parameters it may not read its bottom again.
    const readsAgain = next && next.layer.blobs.length > 0 && next.bottomBlobs.length === 1;
    if (isOfSource && !fusion?.isBackward && others.length === 0 && readsAgain) {
      found.push({ producer, reader });
    }
  });
  return found;
}
