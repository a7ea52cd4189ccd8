import type { Histograms } from "../../../src/dashboard/api.ts";
import { thinned } from "../../../src/dashboard/views/thinned.ts";

/** Histograms with the samples that have come since. */
export function joinHistograms(known: Histograms, news: Histograms): Histograms {
  const keyOf = ({ kind, layer, index }: Histograms["arrays"][number]): string =>
    JSON.stringify([kind, layer, index]);
  const before = new Map(known.arrays.map((series) => [keyOf(series), series.samples]));
  const arrays = news.arrays.map((series) => ({
    ...series,
    samples: thinned([...(before.get(keyOf(series)) ?? []), ...series.samples]),
  }));
  return { ...news, arrays };
}
