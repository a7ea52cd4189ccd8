import type { FloatArray } from "../../util/arrays.ts";
import { CUT, floatsOfPixels, type Pixels } from "../../util/pixels.ts";
import { Random } from "../../util/random.ts";
import { DataTransformer, type Transform } from "../images/data-transformer.ts";
import type { Shown } from "../images/expansion.ts";
import type { Cut } from "../images/native-transform.ts";
import { putPixels } from "../images/put-pixels.ts";
import type { Raster } from "../images/raster.ts";
import { type BasePlan, type Place, recordNumber } from "./loader.ts";
import { checkShape } from "./record-error.ts";

/** Images come to another of several sizes after so many batches. */
const BATCHES_OF_A_SIZE = 10;

/** A plan whose first top is images. */
export interface ImagesPlan extends BasePlan {
  readonly transform: Transform;
  /**
   * The top behind the others that tells what was cut out of each image, where bytes are handed on as they are: they lie at the
   * beginning of the first top's memory then. It is empty where that holds floats, as in a batch of which not all are bytes.
   */
  readonly cutsTop?: number;
}

/** The images of a batch that is being made. */
export interface ImageFilling {
  readonly batch: number;
  readonly place: Place;
  /** Which of several resize_param brings the images to their size. */
  readonly policy: number;
  /** (C, H, W) and memory of the images; known with the first. */
  shape: readonly [number, number, number] | undefined;
  data: FloatArray | undefined;
  /** The images so far, where all are bytes. */
  pixels: Pixels | undefined;
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
    return {
      batch,
      place,
      policy: this.#policy(batch),
      shape: undefined,
      data: undefined,
      pixels: undefined,
    };
  }

  /** Drawn anew for every ten batches, the same on all ranks. */
  #policy(batch: number): number {
    const { transform, seed, stream, start, batchSize } = this.#plan;
    const policies = transform.preparation?.policies ?? [];
    if (policies.length < 2) return 0;
    const ten = Math.floor((start / batchSize + batch) / BATCHES_OF_A_SIZE);
    let left = new Random(seed, stream, "resize", ten).uniform();
    const drawn = policies.findIndex(({ probability }) => {
      left -= probability;
      return left < 0;
    });
    return drawn < 0 ? policies.length - 1 : drawn;
  }

  /** The random numbers of sample `i`; none where nothing is drawn, unless the caller draws. */
  random({ batch }: ImageFilling, i: number, draws = false): Random | undefined {
    const { seed, stream } = this.#plan;
    if (!draws && !this.#transformer.isRandom) return undefined;
    return new Random(seed, stream, recordNumber(this.#plan, batch, i) % 2 ** 32);
  }

  /** Distorts and expands an image: the image, and the box that it shows of the one that it was. */
  widen(image: Raster, random: Random | undefined): Shown {
    return this.#transformer.widen(image, random);
  }

  /**
   * Brings an image to its size, with noise, and writes it as sample `i`: at once, but for noise that is a JPEG.
   * @param then is told what was cut out of the image that it was brought to
   */
  put(
    image: Raster,
    filling: ImageFilling,
    i: number,
    random: Random | undefined,
    then?: (fitted: Raster, cut: Cut) => void,
  ): Promise<void> | undefined {
    return whenDecoded(this.#transformer.fit(image, filling.policy, random), (fitted) => {
      const cut = this.write(fitted, filling, i, random);
      then?.(fitted, cut);
    });
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
    if (!filling.data) this.#beginData(filling, own);
    if (filling.pixels && image.data instanceof Uint8Array) {
      const cut = this.#transformer.cut(image, random);
      putPixels(filling.pixels, i, image, cut);
      return cut;
    }
    this.#toFloats(filling, i);
    return this.#transformer.add(
      image,
      filling.data as FloatArray,
      i * own[0] * own[1] * own[2],
      random,
    );
  }

  #beginData(filling: ImageFilling, own: readonly [number, number, number]): void {
    const { batchSize, cutsTop } = this.#plan;
    const shape = [batchSize, ...own];
    const data = filling.place(0, shape);
    filling.data = data;
    if (cutsTop === undefined) return;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.length);
    filling.pixels = { shape, bytes, cuts: filling.place(cutsTop, [batchSize, CUT]) };
  }

  /** Goes on with floats, where the `count` images so far are bytes. */
  #toFloats(filling: ImageFilling, count: number): void {
    const { pixels, data } = filling;
    if (!pixels || !data) return;
    const before = { ...pixels, bytes: pixels.bytes.slice() };
    floatsOfPixels(before, this.#transformer.normalization, data, count);
    filling.place(this.#plan.cutsTop ?? 0, [0]);
    filling.pixels = undefined;
  }

  /** Writes what was kept back. */
  flush(): void {
    this.#transformer.flush();
  }
}

/** What follows on an image: at once unless its decoder has to be waited for. */
export function whenDecoded(
  image: Raster | Promise<Raster>,
  use: (image: Raster) => void | Promise<void> | undefined,
): Promise<void> | undefined {
  if (image instanceof Promise) return image.then(use);
  return use(image) ?? undefined;
}
