/** So many samples of an array are kept. */
const MOST_SAMPLES = 64;

/** Samples of which, where they are too many, every second one of the older half is left out. */
export function thinned<T>(samples: readonly T[]): readonly T[] {
  if (samples.length <= MOST_SAMPLES) return samples;
  const half = Math.floor(samples.length / 2);
  return thinned(samples.filter((_, i) => i >= half || i % 2 === 0));
}
