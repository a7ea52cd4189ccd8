import { FormatError } from "../util/errors.ts";
import type { Random } from "../util/random.ts";
import type { Datum } from "./datum.ts";

/** What a transformer does; the fields of transform_param with the mean file read. */
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
  /** TRAIN crops at random, TEST in the centre; mirroring is random in both. */
  readonly phase: "TRAIN" | "TEST";
}

/**
 * Turns records into a net's input: crop, mirror, subtract the mean (at the cropped place of a full-size mean
 * image), multiply by scale, in this order.
 *
 * @see Caffe's DataTransformer
 */
export class DataTransformer {
  readonly #transform: Transform;
  readonly #mean: Float32Array | undefined;
  readonly #meanSize: readonly number[];

  /** @throws FormatError where mean file and mean values are both given */
  constructor(transform: Transform) {
    this.#transform = transform;
    if (transform.mean && transform.meanValues.length > 0) {
      throw new FormatError(
        "transform_param has mean_file and mean_value. Cannot specify mean_file and mean_value at the same time.",
      );
    }
    this.#mean = transform.mean && Float32Array.from(transform.mean.data);
    this.#meanSize = transform.mean ? transform.mean.shape.slice(-3) : [];
  }

  /** Whether a record's place in the run changes what becomes of it. */
  get isRandom(): boolean {
    const { mirror, cropSize, phase } = this.#transform;
    return mirror || (cropSize > 0 && phase === "TRAIN");
  }

  /**
   * (C, H, W) of what a record becomes.
   * @throws FormatError where the record is encoded, or holds more or fewer values than its size says
   */
  outputShape(datum: Datum): readonly [number, number, number] {
    checkRecord(datum);
    const { channels, height, width } = datum;
    const { cropSize } = this.#transform;
    return cropSize > 0 ? [channels, cropSize, cropSize] : [channels, height, width];
  }

  /**
   * Writes the transformed record to `out`.
   * @param random draws the crop, row before column, and the mirroring; needed where `isRandom`
   * @throws FormatError where the record does not fit crop or mean
   */
  transform(datum: Datum, out: Float32Array, random: Random | undefined): void {
    const { channels, height, width } = datum;
    const { scale, cropSize, phase, mirror } = this.#transform;
    this.#check(datum);
    let [top, left, h, w] = [0, 0, height, width];
    if (cropSize > 0) {
      [h, w] = [cropSize, cropSize];
      if (phase === "TRAIN" && random) {
        top = random.below(height - cropSize + 1);
        left = random.below(width - cropSize + 1);
      } else {
        top = Math.floor((height - cropSize) / 2);
        left = Math.floor((width - cropSize) / 2);
      }
    }
    const isMirrored = mirror && random !== undefined && random.below(2) === 1;
    const source: ArrayLike<number> = datum.data.length > 0 ? datum.data : (datum.floatData ?? []);
    const mean = this.#mean;
    for (let c = 0; c < channels; c++) {
      const meanValue = this.#meanValue(c);
      for (let y = 0; y < h; y++) {
        const from = (c * height + top + y) * width + left;
        const step = isMirrored ? -1 : 1;
        let to = (c * h + y) * w + (isMirrored ? w - 1 : 0);
        if (mean) {
          for (let at = from; at < from + w; at++, to += step)
            out[to] = ((source[at] as number) - (mean[at] as number)) * scale;
        } else {
          for (let at = from; at < from + w; at++, to += step)
            out[to] = ((source[at] as number) - meanValue) * scale;
        }
      }
    }
  }

  #meanValue(channel: number): number {
    const { meanValues } = this.#transform;
    return meanValues[meanValues.length > 1 ? channel : 0] ?? 0;
  }

  #check(datum: Datum): void {
    checkRecord(datum);
    const { channels, height, width } = datum;
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

function checkRecord({ channels, height, width, data, floatData, encoded }: Datum): void {
  if (encoded) {
    throw new FormatError(
      "a record holds an encoded image (JPEG or PNG). Expected raw pixels; convert without --encoded.",
    );
  }
  const size = `${channels}×${height}×${width}`;
  if (channels < 1 || height < 1 || width < 1) {
    throw new FormatError(`a record is ${size}. Expected 1×1×1 or more.`);
  }
  const count = channels * height * width;
  const given = data.length > 0 ? data.length : (floatData?.length ?? 0);
  if (given !== count) {
    throw new FormatError(`a record of ${size} holds ${given} values. Expected ${count}.`);
  }
}
