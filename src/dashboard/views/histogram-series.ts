import type { HistogramSeries, Spread } from "../api.ts";
import type { SampledArray } from "../live/looks.ts";
import { spreadOf } from "./spread.ts";
import { thinned } from "./thinned.ts";

/** Keeps how arrays were spread over time: a bounded number of samples each, the older ones further apart. */
export class HistogramsOverTime {
  readonly #series = new Map<
    string,
    Omit<HistogramSeries, "samples"> & {
      samples: readonly { readonly iter: number; readonly spread: Spread }[];
    }
  >();

  /** Takes in arrays as they were at an iteration. */
  add(iter: number, arrays: readonly SampledArray[]): void {
    for (const { kind, layer, index, name, sample } of arrays) {
      const key = JSON.stringify([kind, layer, index]);
      const series = this.#series.get(key) ?? { kind, layer, index, name, samples: [] };
      this.#series.set(key, series);
      series.samples = thinned([...series.samples, { iter, spread: spreadOf(sample) }]);
    }
  }

  /** All series, of each the samples of later iterations. */
  since(iter: number): HistogramSeries[] {
    return [...this.#series.values()].map((series) => ({
      ...series,
      samples: series.samples.filter((sample) => sample.iter > iter),
    }));
  }
}
