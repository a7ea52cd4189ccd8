import type { Blob } from "../blob/blob.ts";
import {
  type Box,
  checkImage,
  cropImage,
  type FloatImage,
  loadImage,
  resizeImage,
} from "../float-images/float-image.ts";
import {
  Transformer,
  type TransformerOptions,
  transformerOptions,
} from "../float-images/transformer.ts";
import type { NetParameter } from "../io/proto/caffe.ts";
import type { Net } from "../net/net.ts";
import type { NetOptions } from "../net/options.ts";
import { CaffeError } from "../util/errors.ts";
import type { NdArray } from "../util/nd-array.ts";
import { checkOptions, finite, type OptionNames, optionsNamed, text } from "../util/options.ts";
import { recordOf } from "../util/records.ts";
import { countOf } from "../util/shape.ts";
import { imageNetOptions, onlyInput, openUsed } from "./classifier.ts";

/** How a detector's net is made and its windows are prepared. */
export interface DetectorOptions extends Omit<NetOptions, "phase" | "dtype">, TransformerOptions {
  /** Pixels of context around a window, in the net's input: R-CNN's nets were trained with 16. */
  readonly contextPad?: number;
  /** The output that holds the scores; the net's first in alphabetical order by default. */
  readonly scores?: string;
}

const detectorOptions: OptionNames<DetectorOptions> = {
  ...imageNetOptions,
  ...transformerOptions,
  contextPad: finite,
  scores: text,
};

/** An image and the windows to score in it. */
export interface Windows {
  /** The image, or its file. */
  readonly image: FloatImage | string;
  readonly windows: readonly Box[];
}

/** One window with the net's scores of what it shows. */
export interface Detection {
  /** The image's file, where it was given by one. */
  readonly file?: string;
  readonly window: Box;
  readonly scores: Float32Array;
  /** Every output of the net for this window, by name: scores, corrections of the box, landmarks. */
  readonly outputs: Readonly<Record<string, Float32Array>>;
}

/**
 * Scores windows of images (the proposals of R-CNN) with a net that classifies.
 *
 *     using detector = new Detector("deploy.prototxt", { weights: "rcnn.caffemodel", contextPad: 16, mean });
 *     const detections = await detector.detectWindows([{ image: "street.jpg", windows }]);
 *     const kept = suppress(detections, ({ scores }) => scores[12], ({ window }) => window);
 *
 * @see pycaffe's Detector; Girshick et al., "Rich feature hierarchies for accurate object detection", CVPR 2014
 */
export class Detector {
  readonly net: Net;
  readonly transformer: Transformer;
  readonly #input: string;
  readonly #size: number;
  readonly #contextPad: number;
  readonly #scores: string;
  /** What stands where a window's context reaches beyond its image: the mean, as a pixel. */
  readonly #background: FloatImage;

  /** @throws CaffeError where the net has not one input of square images, and what Net throws */
  constructor(model: string | NetParameter, options: DetectorOptions = {}) {
    checkOptions("Detector", options, detectorOptions);
    this.net = openUsed(model, optionsNamed(options, imageNetOptions));
    try {
      this.#input = onlyInput(this.net);
      const shape = this.net.blob(this.#input).shape;
      this.transformer = new Transformer(shape, optionsNamed(options, transformerOptions));
      this.#size = shape[2] ?? 0;
      this.#contextPad = options.contextPad ?? 0;
      this.#scores = options.scores ?? this.net.outputs[0] ?? "";
      this.net.blob(this.#scores);
      if (this.#contextPad > 0 && (shape[3] !== this.#size || 2 * this.#contextPad >= this.#size)) {
        throw new CaffeError(
          `contextPad is ${this.#contextPad} for an input of ${shape[2]}×${shape[3]}. Expected a square input, more than twice as large.`,
        );
      }
      const input: NdArray = {
        shape: shape.slice(1),
        data: new Float32Array(countOf(shape, 1)),
      };
      this.#background = this.transformer.deprocess(input);
    } catch (error) {
      this.net.close();
      throw error;
    }
  }

  /** Scores every window, in their order, batch by batch. */
  async detectWindows(given: readonly Windows[]): Promise<Detection[]> {
    this.net.checkOpen();
    const detections: Pick<Detection, "file" | "window">[] = [];
    const inputs: NdArray[] = [];
    for (const { image: source, windows } of given) {
      const isColor = this.transformer.channels === 3;
      const image = typeof source === "string" ? await loadImage(source, isColor) : source;
      checkImage(image);
      for (const window of windows) {
        inputs.push(this.transformer.preprocess(this.cut(image, window)));
        detections.push({ window, ...(typeof source === "string" && { file: source }) });
      }
    }
    if (inputs.length === 0) return [];
    const all = await this.net.forwardAll({ [this.#input]: inputs });
    return detections.map((detection, i) => {
      const outputs = recordOf(
        Object.entries(all).map(([name, blob]) => [name, rowOf(blob, i)] as const),
      );
      const scores = outputs[this.#scores] ?? new Float32Array(0);
      return { ...detection, scores, outputs };
    });
  }

  /**
   * What the net sees of a window: the part of the image, or with `contextPad` the window and what is around it,
   * the mean standing where the image ends.
   */
  cut(image: FloatImage, window: Box): FloatImage {
    if (this.#contextPad === 0) return cropImage(image, window);
    const [imageHeight, imageWidth, channels] = image.shape;
    const size = this.#size;
    const scale = size / (size - 2 * this.#contextPad);
    // The window grows about its centre, so that it fills the input but for the pad.
    const grown = (from: number, to: number): readonly [number, number] => {
      const [half, centre] = [((to - from) / 2) * scale, (from + to) / 2];
      return [Math.round(centre - half), Math.round(centre + half)];
    };
    const [top, bottom] = grown(window.top, window.bottom);
    const [left, right] = grown(window.left, window.right);
    const visible: Box = {
      top: Math.max(0, top),
      left: Math.max(0, left),
      bottom: Math.min(imageHeight, bottom),
      right: Math.min(imageWidth, right),
    };
    const row = (y: number): number => Math.round(((y - top) / (bottom - top)) * size);
    const column = (x: number): number => Math.round(((x - left) / (right - left)) * size);
    const [y0, x0] = [row(visible.top), column(visible.left)];
    const height = Math.max(1, row(visible.bottom) - y0);
    const width = Math.max(1, column(visible.right) - x0);
    const part = resizeImage(cropImage(image, visible), height, width);
    const data = this.#background.data.slice();
    for (let y = 0; y < height; y++) {
      const from = y * width * channels;
      data.set(
        part.data.subarray(from, from + width * channels),
        ((y0 + y) * size + x0) * channels,
      );
    }
    return { shape: [size, size, channels], data };
  }

  close(): void {
    this.net.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What a blob holds for one sample. */
function rowOf(blob: Blob, index: number): Float32Array {
  const size = blob.count(1);
  return Float32Array.from(blob.values().subarray(index * size, (index + 1) * size));
}
