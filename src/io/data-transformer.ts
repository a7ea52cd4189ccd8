import type { FloatArray } from "../util/arrays.ts";
import { FormatError } from "../util/errors.ts";
import type { Random } from "../util/random.ts";
import {
  type Augmentation,
  cutOut,
  drawView,
  jitterColors,
  sampleView,
  type View,
} from "./augmentation.ts";
import { type ImagesAddon, imagesAddon } from "./images-addon.ts";
import { planar, type Raster } from "./raster.ts";

/** What a transformer does; the fields of transform_param with the mean file read. Plain data. */
export interface Transform {
  readonly scale: number;
  readonly mirror: boolean;
  /** Side of the square that is cut out; 0 for the whole image. */
  readonly cropSize: number;
  /** A mean image of the uncropped size, C×H×W. */
  readonly mean?:
    | { readonly shape: readonly number[]; readonly data: ArrayLike<number> }
    | undefined;
  /** None, one for all channels, or one for each. */
  readonly meanValues: readonly number[];
  /** TRAIN crops at random and augments, TEST crops in the centre; mirroring is random in both. */
  readonly phase: "TRAIN" | "TEST";
  /** Random changes in TRAIN beyond Caffe's. */
  readonly augmentation?: Augmentation | undefined;
}

/** Calling the addon costs as much as so many values take here. */
const WORTH_A_CALL = 2048;

/** What is cut out of an image. */
interface Cut {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly top: number;
  readonly left: number;
  readonly isMirrored: boolean;
}

/** Channels, rows and columns. */
type Size = Pick<Raster, "channels" | "height" | "width">;

/**
 * Turns images into a net's input: crop, mirror, subtract the mean (at the cropped place of a full-size mean
 * image), multiply by scale, in this order, in 32-bit floats as Caffe. Augmentation, if there is any, comes
 * before the mean is subtracted.
 *
 * @see Caffe's DataTransformer
 */
export class DataTransformer {
  readonly #transform: Transform;
  readonly #scale: number;
  readonly #mean: Float32Array | undefined;
  readonly #meanSize: readonly number[];
  readonly #meanValues: Float32Array;
  /** A mean image as the view of an augmented image sees it. */
  #meanView = new Float32Array(0);
  /** What the addon is told, in memory that is used again. */
  readonly #places = new Int32Array(11);
  #values = new Float32Array(0);

  /** @throws FormatError where mean file and mean values are both given */
  constructor(transform: Transform) {
    this.#transform = transform;
    if (transform.mean && transform.meanValues.length > 0) {
      throw new FormatError(
        "transform_param has mean_file and mean_value. Cannot specify mean_file and mean_value at the same time.",
      );
    }
    this.#scale = Math.fround(transform.scale);
    this.#mean = transform.mean && Float32Array.from(transform.mean.data);
    this.#meanSize = transform.mean ? transform.mean.shape.slice(-3) : [];
    this.#meanValues = Float32Array.from(transform.meanValues);
  }

  /** Whether a record's place in the run changes what becomes of it. */
  get isRandom(): boolean {
    const { mirror, cropSize, phase } = this.#transform;
    return mirror || (cropSize > 0 && phase === "TRAIN") || this.#augmentation !== undefined;
  }

  get #augmentation(): Augmentation | undefined {
    return this.#transform.phase === "TRAIN" ? this.#transform.augmentation : undefined;
  }

  /** (C, H, W) of what an image becomes. */
  outputShape({ channels, height, width }: Size): readonly [number, number, number] {
    const { cropSize } = this.#transform;
    return cropSize > 0 ? [channels, cropSize, cropSize] : [channels, height, width];
  }

  /**
   * Writes the transformed image to `out`.
   * @param random draws the crop, row before column, and the mirroring; needed where `isRandom`
   * @throws FormatError where the image does not fit crop or mean
   */
  transform(image: Raster, out: FloatArray, random: Random | undefined): void {
    this.#check(image);
    const augmentation = this.#augmentation;
    if (augmentation && random) this.#augment(image, out, random, augmentation);
    else this.#plain(image, out, random);
  }

  #plain(image: Raster, out: FloatArray, random: Random | undefined): void {
    const { height, width } = image;
    const { cropSize, phase, mirror } = this.#transform;
    const [channels, h, w] = this.outputShape(image);
    const isCentred = cropSize === 0 || phase === "TEST" || random === undefined;
    const top = isCentred ? (height - h) >> 1 : random.below(height - h + 1);
    const left = isCentred ? (width - w) >> 1 : random.below(width - w + 1);
    const isMirrored = mirror && random !== undefined && random.below(2) === 1;
    const cut: Cut = { channels, height: h, width: w, top, left, isMirrored };
    const addon = channels * h * w >= WORTH_A_CALL ? imagesAddon() : undefined;
    if (addon && out instanceof Float32Array) this.#natively(addon, image, cut, out);
    else this.#plainly(image, cut, out);
  }

  /** The meaning of it; the addon does the same, to the bit. */
  #plainly(image: Raster, cut: Cut, out: FloatArray): void {
    const { data, columnStep } = image;
    const { channels, height, width, top, left, isMirrored } = cut;
    const step = isMirrored ? -1 : 1;
    const scale = this.#scale;
    const mean = this.#mean;
    for (let c = 0; c < channels; c++) {
      const meanValue = this.#meanValue(c);
      for (let y = 0; y < height; y++) {
        let from =
          image.offset + c * image.channelStep + (top + y) * image.rowStep + left * columnStep;
        let to = (c * height + y) * width + (isMirrored ? width - 1 : 0);
        if (mean) {
          let at = (c * image.height + top + y) * image.width + left;
          for (const end = at + width; at < end; at++, from += columnStep, to += step) {
            out[to] = Math.fround((data[from] as number) - (mean[at] as number)) * scale;
          }
        } else {
          const end = from + width * columnStep;
          for (; from !== end; from += columnStep, to += step) {
            out[to] = Math.fround((data[from] as number) - meanValue) * scale;
          }
        }
      }
    }
  }

  #natively(addon: ImagesAddon, image: Raster, cut: Cut, out: Float32Array): void {
    const { channels, height, width, top, left, isMirrored } = cut;
    this.#places.set([
      image.offset + top * image.rowStep + left * image.columnStep,
      image.channelStep,
      image.rowStep,
      image.columnStep,
      channels,
      height,
      width,
      top * image.width + left,
      image.height * image.width,
      image.width,
      isMirrored ? 1 : 0,
    ]);
    if (this.#values.length <= channels) this.#values = new Float32Array(channels + 1);
    this.#values[0] = this.#scale;
    for (let c = 0; c < channels; c++) this.#values[c + 1] = this.#meanValue(c);
    addon.transform(image.data, this.#mean, this.#values, this.#places, out);
  }

  #augment(image: Raster, out: FloatArray, random: Random, augmentation: Augmentation): void {
    const shape = this.outputShape(image);
    const [channels, h, w] = shape;
    const view = drawView(image, h, w, this.#transform.mirror, augmentation, random);
    sampleView(image, view, out);
    jitterColors(out, shape, augmentation, random);
    this.#subtractMean(image, view, out, channels, h * w);
    cutOut(out, shape, augmentation, random);
  }

  #subtractMean(
    { channels, height, width }: Size,
    view: View,
    out: FloatArray,
    planes: number,
    size: number,
  ): void {
    const count = planes * size;
    if (this.#mean) {
      if (this.#meanView.length < count) this.#meanView = new Float32Array(count);
      sampleView(planar(this.#mean, channels, height, width), view, this.#meanView);
    }
    for (let c = 0, i = 0; c < planes; c++) {
      const meanValue = this.#meanValue(c);
      for (const end = i + size; i < end; i++) {
        const minus = this.#mean ? (this.#meanView[i] ?? 0) : meanValue;
        out[i] = Math.fround((out[i] ?? 0) - minus) * this.#scale;
      }
    }
  }

  #meanValue(channel: number): number {
    return this.#meanValues[this.#meanValues.length > 1 ? channel : 0] ?? 0;
  }

  #check({ channels, height, width }: Size): void {
    const { cropSize, meanValues } = this.#transform;
    const size = `${channels}×${height}×${width}`;
    if (cropSize > height || cropSize > width) {
      throw new FormatError(
        `transform_param.crop_size is ${cropSize}, and a record is ${size}. Expected records at least as large as the crop.`,
      );
    }
    const mean = this.#meanSize;
    if (this.#mean && (mean[0] !== channels || mean[1] !== height || mean[2] !== width)) {
      throw new FormatError(
        `the mean image is ${mean.join("×")}, and a record is ${size}. Expected equal sizes.`,
      );
    }
    if (meanValues.length > 1 && meanValues.length !== channels) {
      throw new FormatError(
        `transform_param.mean_value is given ${meanValues.length} times. Specify either 1 mean_value or as many as channels: ${channels}.`,
      );
    }
  }
}
