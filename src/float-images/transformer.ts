import { meanShape } from "../io/images/mean-image.ts";
import { CaffeError } from "../util/errors.ts";
import type { NdArray } from "../util/nd-array.ts";
import { checkOptions, finite, type OptionNames } from "../util/options.ts";
import { countOf, type Shape, sameShape, shapeText } from "../util/shape.ts";
import { type FloatImage, resizeImage } from "./float-image.ts";
import { readMean } from "./mean.ts";

/** How an image becomes a net's input; each step may be left out. */
export interface TransformerOptions {
  /**
   * Which axis of the image H×W×K each axis of the input is: [2, 0, 1] (the default) gives K×H×W, [2, 1, 0] gives K×W×H,
   * as nets want that were trained in MATLAB.
   */
  readonly transpose?: readonly [2, 0, 1] | readonly [2, 1, 0] | undefined;
  /** Which channel of the image each channel of the input is: `[2, 1, 0]` for nets that want blue first. */
  readonly channelSwap?: readonly number[] | undefined;
  /** Factor before the mean is subtracted: 255 for nets that were trained on bytes. */
  readonly rawScale?: number | undefined;
  /**
   * Subtracted: one value for each channel, or an image K×H×W in the input's order of channels; or the file of either, as
   * `io.readMean` takes it.
   */
  readonly mean?: NdArray | readonly number[] | string | undefined;
  /** Factor after the mean is subtracted. */
  readonly inputScale?: number | undefined;
}

/** The names of a transformer's options. */
export const transformerOptions: OptionNames<TransformerOptions> = {
  transpose: true,
  channelSwap: true,
  rawScale: finite,
  mean: true,
  inputScale: finite,
};

/**
 * Turns images into a net's input, and back.
 *
 * preprocess: resize to the input's height and width, H×W×K to K×H×W (`transpose`), swap channels, × rawScale,
 * − mean, × inputScale, in this order.
 *
 *     const transformer = new Transformer(net.blob("data").shape, { rawScale: 255, channelSwap: [2, 1, 0], mean });
 *     const { prob } = await net.forward({ data: [transformer.preprocess(image)] });
 *
 * Data layers do it by their transform_param, with `DataTransformer` of `io/images`.
 *
 * @see pycaffe's io.Transformer, which has one such for each input
 */
export class Transformer {
  /** Channels of the input: those an image must have. */
  readonly channels: number;
  readonly #height: number;
  readonly #width: number;
  readonly #isTransposed: boolean;
  readonly #swap: readonly number[];
  readonly #rawScale: number;
  readonly #inputScale: number;
  /** K×H×W, or one value for each channel. */
  readonly #mean: ArrayLike<number> | undefined;

  /**
   * @param inputShape (N, K, H, W) of the net's input
   * @throws CaffeError where channelSwap or mean do not fit it
   */
  constructor(inputShape: Shape, options: TransformerOptions = {}) {
    checkOptions("Transformer", options, transformerOptions);
    if (inputShape.length !== 4) {
      throw new CaffeError(
        `a transformer for an input of shape ${shapeText(inputShape)}. Expected four axes: N×K×H×W.`,
      );
    }
    const [, channels = 0, ...sides] = inputShape;
    this.#isTransposed = options.transpose?.[1] === 1;
    const [height = 0, width = 0] = this.#isTransposed ? sides.reverse() : sides;
    this.channels = channels;
    this.#height = height;
    this.#width = width;
    this.#swap = options.channelSwap ?? Array.from({ length: channels }, (_, c) => c);
    if ([...this.#swap].sort((a, b) => a - b).join() !== [...this.#swap.keys()].join()) {
      throw new CaffeError(
        `channelSwap is ${this.#swap.join(", ")}. Expected each of 0 to ${channels - 1} once.`,
      );
    }
    this.#checkChannels(this.#swap.length, "channelSwap");
    this.#rawScale = options.rawScale ?? 1;
    this.#inputScale = options.inputScale ?? 1;
    this.#mean = options.mean === undefined ? undefined : this.#fitMean(options.mean);
  }

  /**
   * The image as the net's input: K×H×W, or K×W×H.
   * @throws CaffeError where it has another number of channels
   */
  preprocess(image: FloatImage): NdArray<Float32Array> {
    this.#checkChannels(image.shape[2], "the image");
    const { data } = resizeImage(image, this.#height, this.#width);
    const size = this.#height * this.#width;
    const input = new Float32Array(this.channels * size);
    for (let c = 0; c < this.channels; c++) {
      const from = this.#swap[c] as number;
      for (let i = 0; i < size; i++) {
        const raw = (data[this.#pixelAt(i) * this.channels + from] ?? 0) * this.#rawScale;
        input[c * size + i] = (raw - this.#meanAt(c, i, size)) * this.#inputScale;
      }
    }
    return { shape: this.#inputShape, data: input };
  }

  /**
   * The image that an input was made of, at the input's size.
   * @param input K×H×W, or 1×K×H×W
   */
  deprocess(input: NdArray): FloatImage {
    const wanted = this.#inputShape;
    if (!sameShape(input.shape.slice(-3), wanted) || countOf(input.shape) !== countOf(wanted)) {
      throw new CaffeError(
        `an input of shape ${shapeText(input.shape)} to deprocess. Expected ${shapeText(wanted)}.`,
      );
    }
    const size = this.#height * this.#width;
    const data = new Float32Array(this.channels * size);
    for (let c = 0; c < this.channels; c++) {
      const to = this.#swap[c] as number;
      for (let i = 0; i < size; i++) {
        const raw = (input.data[c * size + i] ?? 0) / this.#inputScale + this.#meanAt(c, i, size);
        data[this.#pixelAt(i) * this.channels + to] = raw / this.#rawScale;
      }
    }
    return { shape: [this.#height, this.#width, this.channels], data };
  }

  get #inputShape(): Shape {
    const sides = [this.#height, this.#width];
    return [this.channels, ...(this.#isTransposed ? sides.reverse() : sides)];
  }

  /** The pixel, counted row by row in the image, that lies at place i of a plane of the input. */
  #pixelAt(i: number): number {
    if (!this.#isTransposed) return i;
    return (i % this.#height) * this.#width + Math.floor(i / this.#height);
  }

  #meanAt(channel: number, at: number, size: number): number {
    const mean = this.#mean;
    if (!mean) return 0;
    return mean[mean.length === this.channels ? channel : channel * size + at] ?? 0;
  }

  #checkChannels(count: number, what: string): void {
    if (count === this.channels) return;
    throw new CaffeError(
      `${what} has ${count} channels, and the input ${this.channels}. Expected equal numbers.`,
    );
  }

  /** A mean image of another size is resized, as pycaffe does. */
  #fitMean(mean: NdArray | readonly number[] | string): ArrayLike<number> {
    const given = typeof mean === "string" ? readMean(mean) : mean;
    if (typeof given !== "object" || !("shape" in given || "length" in given)) {
      throw new CaffeError(
        `mean is ${JSON.stringify(given)}. Expected one value for each channel in a list, an array { shape, data }, or a file.`,
      );
    }
    const { shape, data } = "shape" in given ? given : { shape: [given.length], data: given };
    // H×W is of one channel, and no answer where there are more.
    const axes = shape.length === 2 && this.channels !== 1 ? shape : meanShape(shape);
    this.#checkChannels(axes[0] ?? 0, "mean");
    if (axes.length === 1) return data;
    const [channels = 0, height = 0, width = 0] = axes;
    const [, inputHeight = 0, inputWidth = 0] = this.#inputShape;
    if (axes.length !== 3) {
      throw new CaffeError(`mean of shape ${shapeText(shape)}. Expected K, or K×H×W.`);
    }
    if (height === inputHeight && width === inputWidth) return data;
    const planes = Array.from({ length: channels }, (_, c) => {
      const plane = Float32Array.from(
        { length: height * width },
        (_, i) => data[c * height * width + i] ?? 0,
      );
      return resizeImage({ shape: [height, width, 1], data: plane }, inputHeight, inputWidth).data;
    });
    return planes.flatMap((plane) => [...plane]);
  }
}
