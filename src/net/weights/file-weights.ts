import { readCaffemodelToKeep } from "../../io/weights/caffemodel.ts";
import { SoleArray } from "../../syncedmem/sole-array.ts";
import type { FloatArray } from "../../util/arrays.ts";
import { NetError } from "../../util/errors.ts";
import type { TrainedWeights } from "./trained-weights.ts";

/**
 * Weights of a file that is read for the nets of one call, which may keep its arrays: nobody else gets those. They are handed
 * over once, and what has been handed over is not read again.
 */
export class FileWeights implements TrainedWeights {
  readonly source: string;
  #layers: TrainedWeights["layers"] | undefined;

  private constructor(source: string, layers: TrainedWeights["layers"]) {
    this.source = source;
    this.#layers = layers;
  }

  /** @throws FileError where it cannot be read, FormatError where it is cut short or no caffemodel */
  static read(path: string): FileWeights {
    const { source, layers } = readCaffemodelToKeep(path);
    return new FileWeights(source, layers);
  }

  /** @throws NetError where they have been handed over */
  get layers(): TrainedWeights["layers"] {
    if (this.#layers) return this.#layers;
    throw new NetError(
      `weights of ${this.source} are read that a net keeps already. Expected the file to be read again.`,
    );
  }

  /**
   * The values' arrays, each to be taken by one parameter; others copy it before that net computes.
   * @throws NetError where they have been handed over
   */
  handOver(): ReadonlyMap<FloatArray, SoleArray> {
    const { layers } = this;
    this.#layers = undefined;
    const arrays = new Map<FloatArray, SoleArray>();
    for (const { blobs } of layers) {
      for (const value of blobs) {
        const sole = value && SoleArray.of(value.data);
        if (sole) arrays.set(value.data, sole);
      }
    }
    return arrays;
  }
}
