import type { Histograms } from "../../../src/dashboard/api.ts";

/** So many samples of an array are held, as the server holds them. */
const MOST = 64;

/** Histograms with the samples that have come since. */
export function joinHistograms(known: Histograms, news: Histograms): Histograms {
  const keyOf = ({ kind, layer, index }: Histograms["arrays"][number]): string =>
    JSON.stringify([kind, layer, index]);
  const before = new Map(known.arrays.map((series) => [keyOf(series), series.samples]));
  const arrays = news.arrays.map((series) => ({
    ...series,
    samples: bounded([...(before.get(keyOf(series)) ?? []), ...series.samples]),
  }));
  return { ...news, arrays };
}

/** Every second one of the older half is left out where there are too many. */
function bounded<T>(samples: readonly T[]): readonly T[] {
  if (samples.length <= MOST) return samples;
  const half = Math.floor(samples.length / 2);
  return bounded(samples.filter((_, i) => i >= half || i % 2 === 0));
}
