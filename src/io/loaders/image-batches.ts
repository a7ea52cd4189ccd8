import type { FloatArray } from "../../util/arrays.ts";
import { Random } from "../../util/random.ts";
import { DataTransformer, type Transform } from "../images/data-transformer.ts";
import type { Cut } from "../images/native-transform.ts";
import type { Raster } from "../images/raster.ts";
import { type BasePlan, type Place, recordNumber } from "./loader.ts";
import { checkShape } from "./record-error.ts";

/** A plan whose first top is images. */
export interface ImagesPlan extends BasePlan {
  readonly transform: Transform;
}

/** The images of a batch that is being made. */
export interface ImageFilling {
  readonly batch: number;
  readonly place: Place;
  /** (C, H, W) and memory of the images; known with the first. */
  shape: readonly [number, number, number] | undefined;
  data: FloatArray | undefined;
}

/** Writes images to the first top of batches, transformed. */
export class ImageBatches {
  readonly #plan: ImagesPlan;
  readonly #transformer: DataTransformer;

  constructor(plan: ImagesPlan) {
    this.#plan = plan;
    this.#transformer = new DataTransformer(plan.transform);
  }

  begin(batch: number, place: Place): ImageFilling {
    return { batch, place, shape: undefined, data: undefined };
  }

  /** The random numbers of sample `i`; none where nothing is drawn. */
  random({ batch }: ImageFilling, i: number): Random | undefined {
    const { seed, stream } = this.#plan;
    if (!this.#transformer.isRandom) return undefined;
    return new Random(seed, stream, recordNumber(this.#plan, batch, i) % 2 ** 32);
  }

  /**
   * Writes sample `i`, at `flush` at the latest, and says what was cut out of it. The image's memory may be used again
   * at once.
   * @throws FormatError where its shape is not that of the images before it
   */
  write(image: Raster, filling: ImageFilling, i: number, random: Random | undefined): Cut {
    const own = this.#transformer.outputShape(image);
    if (filling.shape) checkShape(own, filling.shape);
    else filling.shape = own;
    filling.data ??= filling.place(0, [this.#plan.batchSize, ...own]);
    return this.#transformer.add(image, filling.data, i * own[0] * own[1] * own[2], random);
  }

  /** Writes what was kept back. */
  flush(): void {
    this.#transformer.flush();
  }
}

/** What follows on an image: at once unless its decoder has to be waited for. */
export function whenDecoded(
  image: Raster | Promise<Raster>,
  use: (image: Raster) => void,
): Promise<void> | undefined {
  if (image instanceof Promise) return image.then(use);
  use(image);
  return undefined;
}
