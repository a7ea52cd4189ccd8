import { Blob } from "../blob/blob.ts";
import {
  checkImage,
  cropImage,
  type FloatImage,
  loadImage,
  oversample,
  resizeImage,
} from "../float-images/float-image.ts";
import {
  Transformer,
  type TransformerOptions,
  transformerOptions,
} from "../float-images/transformer.ts";
import type { NetParameter } from "../io/proto/caffe.ts";
import { netParameterOf } from "../io/text/read-net.ts";
import { Net } from "../net/net.ts";
import { type NetOptions, netOptions } from "../net/options.ts";
import { CaffeError } from "../util/errors.ts";
import { logOf } from "../util/log.ts";
import type { NdArray } from "../util/nd-array.ts";
import {
  checkOptions,
  type OptionNames,
  optionsNamed,
  texts,
  whole,
  yesOrNo,
} from "../util/options.ts";
import { countOf, type Shape } from "../util/shape.ts";
import { type Choice, topChoices } from "./choice.ts";

/** How a classifier's net is made and its images are prepared. */
export interface ClassifierOptions extends Omit<NetOptions, "phase" | "dtype">, TransformerOptions {
  /** Height and width that an image is resized to before it is cropped to the net's input; the input's own by default. */
  readonly imageDims?: readonly [number, number] | undefined;
}

/** What is told of the classes of an image. */
interface ClassifyOptions {
  /** Their names, in the order of the scores. */
  readonly labels?: readonly string[];
  /** How many are told; 5 by default. */
  readonly top?: number;
  /** The mean over ten crops (the default), or the centre's scores alone. */
  readonly oversample?: boolean;
}

const { phase: _phase, dtype: _dtype, ...namesOfNet } = netOptions;
/** The options of a net of images that are the net's own. */
export const imageNetOptions: OptionNames<Omit<NetOptions, "phase" | "dtype">> = namesOfNet;

const classifierOptions: OptionNames<ClassifierOptions> = {
  ...imageNetOptions,
  ...transformerOptions,
  imageDims: true,
};

/**
 * Says what an image shows: a deploy net with one input of images and an output of scores, and the preparation
 * that its weights were trained with. Any number of images may be asked about at once.
 *
 *     using classifier = new Classifier("deploy.prototxt", { weights: "net.caffemodel", rawScale: 255, mean });
 *     const [best] = await classifier.classify(await io.loadImage("cat.jpg"), { labels });
 *
 * Its net is built `forInference`, unless the option says otherwise or gradients are wanted (`forceBackward`, or `force_backward` in
 * the file): blobs between inputs and outputs are read by `classifier.net.forward(inputs, { blobs })`, or after `net.keep(name)`.
 *
 * @see pycaffe's Classifier
 */
export class Classifier {
  readonly net: Net;
  readonly transformer: Transformer;
  readonly imageDims: readonly [number, number];
  /** Height and width of the net's input. */
  readonly #cropDims: readonly [number, number];
  readonly #input: string;
  readonly #output: string;

  /**
   * @param model the deploy prototxt, or the net as an object
   * @throws CaffeError where the net has not one input of four axes, and what Net throws
   */
  constructor(model: string | NetParameter, options: ClassifierOptions = {}) {
    checkOptions("Classifier", options, classifierOptions);
    this.net = openUsed(model, optionsNamed(options, imageNetOptions));
    try {
      this.#input = onlyInput(this.net);
      this.#output = this.net.outputs[0] ?? "";
      const shape = this.net.blob(this.#input).shape;
      this.transformer = new Transformer(shape, optionsNamed(options, transformerOptions));
      const [, , height = 0, width = 0] = shape;
      this.#cropDims = [height, width];
      this.imageDims = options.imageDims ?? this.#cropDims;
      if (this.imageDims[0] < height || this.imageDims[1] < width) {
        throw new CaffeError(
          `imageDims are ${this.imageDims.join("×")}, and the net's input ${height}×${width}. Expected at least the input's size, to crop from.`,
        );
      }
    } catch (error) {
      this.net.close();
      throw error;
    }
  }

  /**
   * Scores of each image: N×classes.
   * @param given an image or its file, or several
   * @param isOversampled the mean over ten crops (corners, centre, mirrored) rather than the centre's scores alone
   * @throws CaffeError where one is no image; FileError, FormatError where a file cannot be read
   */
  async predict(
    given: FloatImage | string | readonly (FloatImage | string)[],
    isOversampled = true,
  ): Promise<Blob> {
    this.net.checkOpen();
    const images = Array.isArray(given) ? given : [given];
    // Images are taken now; files when they are read.
    const inputs = await Promise.all(
      images.map((image, i) => {
        if (typeof image !== "string") return this.prepare(image, `images[${i}]`, isOversampled);
        return loadImage(image, this.transformer.channels === 3).then((read) =>
          this.prepare(read, image, isOversampled),
        );
      }),
    );
    const { [this.#output]: scores } = await this.net.forwardAll({ [this.#input]: inputs.flat() });
    return averageOf(scores as Blob, isOversampled ? 10 : 1);
  }

  /**
   * What the net is given of an image: ten crops, or its centre.
   * @internal
   */
  prepare(image: FloatImage, what: string, isOversampled: boolean): NdArray[] {
    this.net.checkOpen();
    checkImage(image, what);
    const [height, width] = this.#cropDims;
    const resized = resizeImage(image, ...this.imageDims);
    const crops = isOversampled
      ? oversample([resized], [height, width])
      : [centreOf(resized, height, width)];
    return crops.map((crop) => this.transformer.preprocess(crop));
  }

  /** The classes that an image, or the one of that file, most likely shows, best first. */
  async classify(image: FloatImage | string, options: ClassifyOptions = {}): Promise<Choice[]> {
    checkOptions("classify", options, { labels: texts, top: whole, oversample: yesOrNo });
    const { labels = [], top = 5, oversample: isOversampled = true } = options;
    const scores = await this.predict([image], isOversampled);
    return topChoices(classScores(scores, this.#output), labels, top);
  }

  close(): void {
    this.net.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * The scores of one image's classes.
 * @throws CaffeError where they are of several places: a map has no one best class
 */
export function classScores(scores: Blob, output = "output"): ArrayLike<number> {
  checkScores(scores.shape, output);
  return scores.values();
}

/**
 * Refuses what is no N×classes.
 * @throws CaffeError where scores are of several places
 */
export function checkScores(shape: Shape, output: string): void {
  const places = countOf(shape, 2);
  if (shape.length < 3 || places === 1) return;
  throw new CaffeError(
    `output "${output}" has shape ${shape.join("×")}, scores of ${places} places. Expected N×classes, or 1×1 places: put a Pooling with global_pooling: true and pool: AVE behind it for the mean over places.`,
  );
}

/**
 * The name of a net's one input of images.
 * @throws CaffeError where it has another number of inputs
 */
export function onlyInput(net: Net): string {
  const [input] = net.inputs;
  if (input !== undefined && net.inputs.length === 1) return input;
  throw new CaffeError(
    `net "${net.name}" has ${net.inputs.length} inputs${net.inputs.length > 0 ? ` (${net.inputs.join(", ")})` : ""}. Expected a deploy net with one, of images.`,
  );
}

/** The middle of an image. */
export function centreOf(image: FloatImage, height: number, width: number): FloatImage {
  const [h, w] = image.shape;
  const [top, left] = [Math.floor((h - height) / 2), Math.floor((w - width) / 2)];
  return cropImage(image, { top, left, bottom: top + height, right: left + width });
}

/** A net of images that is used, and nothing else unless options or its file ask for gradients. */
export function openUsed(model: string | NetParameter, options: Omit<NetOptions, "phase">): Net {
  const param = netParameterOf(model, logOf(options));
  const isForced = options.forceBackward || param.force_backward;
  return new Net(param, { forInference: !isForced, ...options, phase: "TEST" });
}

/** The mean of each `size` rows. */
function averageOf(scores: Blob, size: number): Blob {
  if (size === 1) return scores;
  const length = scores.count(1);
  const mean = new Blob([(scores.shape[0] ?? 0) / size, ...scores.shape.slice(1)]);
  mean.data.set(meanOfRows(scores.values(), size, length));
  return mean;
}

/** The mean of each `size` rows of so many numbers. */
export function meanOfRows(from: ArrayLike<number>, size: number, length: number): Float32Array {
  const to = new Float32Array(from.length / size);
  for (let i = 0; i < from.length; i++) {
    const at = Math.floor(i / (size * length)) * length + (i % length);
    to[at] = (to[at] ?? 0) + (from[i] ?? 0) / size;
  }
  return to;
}
