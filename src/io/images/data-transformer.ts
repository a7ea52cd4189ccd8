import type { FloatArray } from "../../util/arrays.ts";
import { FormatError } from "../../util/errors.ts";
import type { NdArray } from "../../util/nd-array.ts";
import type { Normalization } from "../../util/pixels.ts";
import type { Random } from "../../util/random.ts";
import { imagesAddon } from "./addon.ts";
import {
  type Augmentation,
  cutOut,
  drawView,
  jitterColors,
  sampleView,
  type View,
} from "./augmentation.ts";
import { type DrawnCrop, drawPart, type Part, partAtSize } from "./drawn-crop.ts";
import type { Shown } from "./expansion.ts";
import { channelMeans, meanShape } from "./mean-image.ts";
import { type Cut, NativeTransform } from "./native-transform.ts";
import { fitted, fittedSize, isDrawn, type Preparation, WHOLE, widened } from "./preparation.ts";
import { copyPlane, planar, type Raster } from "./raster.ts";

/** What a transformer does; the fields of transform_param with the mean file read. Plain data. */
export interface Transform {
  readonly scale: number;
  readonly mirror: boolean;
  /** What forks do with an image before all of this. */
  readonly preparation?: Preparation | undefined;
  /** What is cut out; 0 by 0 for the whole image. */
  readonly cropHeight: number;
  readonly cropWidth: number;
  /** How a part of the image is drawn for the crop in TRAIN; undefined for one of its size, anywhere. */
  readonly drawnCrop?: DrawnCrop | undefined;
  /** Whether channels are a flow's, across and down by turns: mirrored, those across are 255 − x. */
  readonly isFlow?: boolean | undefined;
  /** A mean image of the uncropped size, C×H×W; H×W where there is one channel. */
  readonly mean?: NdArray | undefined;
  /** None, one for all channels, or one for each. */
  readonly meanValues: readonly number[];
  /** TRAIN crops at random and augments, TEST crops in the centre; mirroring is random in both. */
  readonly phase: "TRAIN" | "TEST";
  /** Random changes in TRAIN beyond Caffe's. */
  readonly augmentation?: Augmentation | undefined;
}

/** Channels, rows and columns. */
type Size = Pick<Raster, "channels" | "height" | "width">;

/**
 * Turns images into a net's input: crop, mirror, subtract the mean (at the cropped place of a full-size mean
 * image), multiply by scale, in this order, in 32-bit floats as Caffe. Augmentation, if there is any, comes
 * before the mean is subtracted.
 *
 * This is what data layers do; a program that prepares images itself has `Transformer` of `float-images`.
 *
 * @see Caffe's DataTransformer
 */
export class DataTransformer {
  readonly #transform: Transform;
  readonly #scale: number;
  readonly #mean: Float32Array | undefined;
  readonly #meanSize: readonly number[];
  readonly #meanValues: Float32Array;
  /** What fills the room around an image that is expanded. */
  readonly #fill: readonly number[];
  /** A mean image as the view of an augmented image sees it. */
  #meanView = new Float32Array(0);
  /** The same through the addon; made when it is known how many channels there are. */
  #native: NativeTransform | undefined;

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
    this.#meanSize = transform.mean ? meanShape(transform.mean.shape) : [];
    this.#meanValues = Float32Array.from(transform.meanValues);
    this.#fill = transform.mean
      ? channelMeans({ shape: this.#meanSize, data: transform.mean.data })
      : transform.meanValues;
  }

  /** Whether a record's place in the run changes what becomes of it. */
  get isRandom(): boolean {
    const { mirror, cropHeight, phase, preparation } = this.#transform;
    return (
      mirror ||
      (cropHeight > 0 && phase === "TRAIN") ||
      this.#augmentation !== undefined ||
      (preparation !== undefined && isDrawn(preparation))
    );
  }

  get #augmentation(): Augmentation | undefined {
    return this.#transform.phase === "TRAIN" ? this.#transform.augmentation : undefined;
  }

  /** Whether a whole number of pixels is all that is taken of an image, so that bytes stay bytes until the mean goes. */
  get keepsBytes(): boolean {
    const { preparation, drawnCrop, isFlow } = this.#transform;
    return !preparation && !drawnCrop && !isFlow && !this.#augmentation;
  }

  /** How floats are made of bytes that `cut` has cut out. */
  get normalization(): Normalization {
    const [, height = 0, width = 0] = this.#meanSize;
    if (this.#mean) {
      return { scale: this.#scale, mean: this.#mean, meanSteps: [height * width, width, 1] };
    }
    const mean = this.#meanValues.length > 0 ? this.#meanValues : new Float32Array(1);
    return { scale: this.#scale, mean, meanSteps: [mean.length > 1 ? 1 : 0, 0, 0] };
  }

  /**
   * What `add` cuts out of an image, where `keepsBytes`; draws the same.
   * @throws FormatError as `transform`
   */
  cut(image: Raster, random: Random | undefined): Cut {
    this.#check(image);
    const [channels, height, width] = this.outputShape(image);
    return this.#cut(image, channels, height, width, random);
  }

  /** (C, H, W) of what a prepared image becomes. */
  outputShape({ channels, height, width }: Size): readonly [number, number, number] {
    const { cropHeight, cropWidth } = this.#transform;
    return cropHeight > 0 ? [channels, cropHeight, cropWidth] : [channels, height, width];
  }

  /** (C, H, W) of what an image becomes that is not prepared yet, as far as nothing is drawn. */
  shapeOf(size: Size): readonly [number, number, number] {
    const { preparation } = this.#transform;
    return this.outputShape(preparation ? fittedSize(preparation, size, 0) : size);
  }

  /** The image with its colours distorted and expanded, and the box that it shows of the one that it was. */
  widen(image: Raster, random: Random | undefined): Shown {
    const { preparation } = this.#transform;
    if (!preparation) return { image, region: WHOLE };
    return widened(preparation, image, this.#fill, random);
  }

  /**
   * The image at the size that it is cut from, with noise: what `transform` and `add` take.
   * @param policy which of several resize_param
   */
  fit(image: Raster, policy: number, random: Random | undefined): Raster | Promise<Raster> {
    const { preparation } = this.#transform;
    return preparation ? fitted(preparation, image, policy, random) : image;
  }

  /**
   * Writes the transformed image to `out`.
   * @param random draws the crop, row before column, and the mirroring; needed where `isRandom`
   * @throws FormatError where the image does not fit crop or mean
   */
  transform(image: Raster, out: FloatArray, random: Random | undefined): void {
    this.add(image, out, 0, random);
    this.flush();
  }

  /**
   * Writes the transformed image to `out` from `at` on, at `flush` at the latest. The memory of `image` may be used
   * again at once.
   *
   * @returns what was cut out of the image, where it is neither turned nor scaled
   */
  add(image: Raster, out: FloatArray, at: number, random: Random | undefined): Cut {
    this.#check(image);
    const [channels, height, width] = this.outputShape(image);
    const end = at + channels * height * width;
    const augmentation = this.#augmentation;
    if (augmentation && random) {
      const { top, left, isMirrored } = this.#augment(
        image,
        out.subarray(at, end),
        random,
        augmentation,
      );
      return { channels, height, width, top, left, isMirrored };
    }
    const part = this.#part(image, random);
    if (part && (part.height !== height || part.width !== width)) {
      const seen = partAtSize(image, part, { height, width });
      const { isMirrored } = this.#write(seen, this.#whole(seen, random), out, at, end);
      return { ...part, channels, isMirrored };
    }
    const cut = part
      ? { ...part, channels, isMirrored: this.#isMirrored(random) }
      : this.#cut(image, channels, height, width, random);
    return this.#write(image, cut, out, at, end);
  }

  #write(image: Raster, cut: Cut, out: FloatArray, at: number, end: number): Cut {
    const isInverted = this.#transform.isFlow === true && cut.isMirrored;
    const isNative = out instanceof Float32Array && !isInverted;
    const native = isNative ? this.#natively(cut.channels) : undefined;
    if (native) native.add(image, cut, out as Float32Array, at);
    else this.#plainly(isInverted ? flowMirrored(image) : image, cut, out.subarray(at, end));
    return cut;
  }

  /** What is drawn of an image in another way than Caffe's. */
  #part(image: Size, random: Random | undefined): Part | undefined {
    const { drawnCrop, cropHeight, cropWidth, phase } = this.#transform;
    if (!drawnCrop || !random || cropHeight === 0 || phase === "TEST") return undefined;
    return drawPart(drawnCrop, image, { height: cropHeight, width: cropWidth }, random);
  }

  #whole({ channels, height, width }: Size, random: Random | undefined): Cut {
    return { channels, height, width, top: 0, left: 0, isMirrored: this.#isMirrored(random) };
  }

  #isMirrored(random: Random | undefined): boolean {
    return this.#transform.mirror && random !== undefined && random.below(2) === 1;
  }

  /** Writes what was kept back. */
  flush(): void {
    this.#native?.flush();
  }

  #cut(
    image: Raster,
    channels: number,
    height: number,
    width: number,
    random: Random | undefined,
  ): Cut {
    const { cropHeight, phase } = this.#transform;
    const [rows, columns] = [image.height - height, image.width - width];
    const isCentred = cropHeight === 0 || phase === "TEST" || random === undefined;
    const top = isCentred ? rows >> 1 : random.below(rows + 1);
    const left = isCentred ? columns >> 1 : random.below(columns + 1);
    return { channels, height, width, top, left, isMirrored: this.#isMirrored(random) };
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

  #natively(channels: number): NativeTransform | undefined {
    if (this.#native && this.#native.channels >= channels) return this.#native;
    const addon = imagesAddon();
    if (!addon) return undefined;
    this.flush();
    const means = Array.from({ length: channels }, (_, c) => this.#meanValue(c));
    this.#native = new NativeTransform(addon, this.#mean, Float32Array.of(this.#scale, ...means));
    return this.#native;
  }

  #augment(image: Raster, out: FloatArray, random: Random, augmentation: Augmentation): View {
    const shape = this.outputShape(image);
    const [channels, h, w] = shape;
    const view = drawView(image, h, w, this.#transform.mirror, augmentation, random);
    sampleView(image, view, out);
    jitterColors(out, shape, augmentation, random);
    this.#subtractMean(image, view, out, channels, h * w);
    cutOut(out, shape, augmentation, random);
    return view;
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
    const { cropHeight, cropWidth, meanValues } = this.#transform;
    const size = `${channels}×${height}×${width}`;
    if (cropHeight > height || cropWidth > width) {
      const crop =
        cropHeight === cropWidth
          ? `crop_size is ${cropHeight}`
          : `crop is ${cropHeight}×${cropWidth}`;
      throw new FormatError(
        `transform_param.${crop}, and a record is ${size}. Expected records at least as large as the crop.`,
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

/** A flow seen in a mirror goes the other way: channels 0, 2, 4 … become 255 − x. */
function flowMirrored(image: Raster): Raster {
  const { channels, height, width } = image;
  const [size, values] = [height * width, valuesOf(image)];
  for (let c = 0; c < channels; c += 2) {
    for (let at = c * size; at < (c + 1) * size; at++) values[at] = 255 - (values[at] ?? 0);
  }
  return planar(values, channels, height, width);
}

/** A copy of an image's values, channel by channel. */
function valuesOf(image: Raster): Float32Array {
  const { channels, height, width } = image;
  const values = new Float32Array(channels * height * width);
  for (let c = 0; c < channels; c++) copyPlane(image, c, values, c * height * width);
  return values;
}
