import { Blob } from "../../blob/blob.ts";
import type { DType } from "../../util/arrays.ts";
import { shapeText } from "../../util/shape.ts";
import type { Blobs } from "../base/layer.ts";

/** Scores and locations of one feature map, R boxes at each of its pixels. */
interface Level {
  readonly scores: Blob;
  readonly locations: Blob;
  readonly boxes: number;
  readonly pixels: number;
}

/**
 * Predictions as convolutions leave them, put one behind the other: what a detector's Permute, Flatten and Concat layers
 * make of them, but boxes before pixels.
 *
 * - scores of a map: N×C×R×(H·W); locations: N×(R·kinds·4)×H×W; priors of all maps: 1×2×(P·4), pixels before boxes
 *
 * @see synopsys-caffe's DetectionOutputLayer, `no_permute`
 */
export class PlanePredictions {
  readonly locations: Blob;
  readonly scores: Blob;
  readonly priors: Blob;
  readonly #classes: number;
  readonly #kinds: number;
  readonly #fail: (message: string) => never;

  /** @param kinds how many locations a box has: 1, or as many as classes */
  constructor(classes: number, kinds: number, dtype: DType, fail: (message: string) => never) {
    [this.#classes, this.#kinds, this.#fail] = [classes, kinds, fail];
    this.locations = new Blob([0], dtype);
    this.scores = new Blob([0], dtype);
    this.priors = new Blob([0], dtype);
  }

  /** Checks the bottoms: scores of each map, locations of each map, priors. */
  reshape(bottom: Blobs): void {
    const levels = this.#levelsOf(bottom);
    const batch = levels[0]?.scores.shape[0] ?? 1;
    const count = levels.reduce((sum, { boxes, pixels }) => sum + boxes * pixels, 0);
    const priors = bottom.at(-1)!;
    if (priors.count() !== 8 * count) {
      this.#fail(
        `priors have shape ${shapeText(priors.shape)}. Expected (1,2,${4 * count}): the maps have ${count} boxes.`,
      );
    }
    this.scores.reshape([batch, count * this.#classes]);
    this.locations.reshape([batch, count * this.#kinds * 4]);
    this.priors.reshape([1, 2, 4 * count]);
  }

  #levelsOf(bottom: Blobs): readonly Level[] {
    const maps = (bottom.length - 1) / 2;
    return bottom.slice(0, maps).map((scores, i) => {
      const locations = bottom[maps + i]!;
      const [n, classes, boxes = 0, pixels = 0] = scores.shape;
      const [batch, channels, height = 0, width = 0] = locations.shape;
      const fits =
        n === batch &&
        classes === this.#classes &&
        channels === boxes * this.#kinds * 4 &&
        height * width === pixels;
      if (!fits) {
        this.#fail(
          `scores ${i} have shape ${shapeText(scores.shape)}, locations ${shapeText(locations.shape)}. Expected N×${this.#classes}×R×(H·W) and N×(R·${this.#kinds * 4})×H×W.`,
        );
      }
      return { scores, locations, boxes, pixels };
    });
  }

  /** Puts what the bottoms hold in order. */
  gather(bottom: Blobs): void {
    const [scores, locations, priors] = [this.scores, this.locations, this.priors].map(
      ({ dataMem }) => dataMem.overwriteCpu(),
    );
    const given = bottom.at(-1)!.dataMem.cpu();
    const [kinds, classes] = [this.#kinds * 4, this.#classes];
    const [batch = 1] = this.scores.shape;
    const count = this.priors.count() / 8;
    let first = 0;
    for (const level of this.#levelsOf(bottom)) {
      const { boxes, pixels } = level;
      const [from, moves] = [level.scores.dataMem.cpu(), level.locations.dataMem.cpu()];
      for (let r = 0; r < boxes; r++) {
        for (let p = 0; p < pixels; p++) {
          const at = first + r * pixels + p;
          const prior = first + p * boxes + r;
          for (let k = 0; k < 4; k++) {
            priors![4 * at + k] = given[4 * prior + k]!;
            priors![4 * (count + at) + k] = given[4 * (count + prior) + k]!;
          }
          for (let n = 0; n < batch; n++) {
            for (let c = 0; c < classes; c++) {
              const source = ((n * classes + c) * boxes + r) * pixels + p;
              scores![(n * count + at) * classes + c] = from[source]!;
            }
            for (let k = 0; k < kinds; k++) {
              const source = ((n * boxes + r) * kinds + k) * pixels + p;
              locations![(n * count + at) * kinds + k] = moves[source]!;
            }
          }
        }
      }
      first += boxes * pixels;
    }
  }
}
