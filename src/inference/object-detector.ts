import type { Blob } from "../blob/blob.ts";
import { checkImage, type FloatImage, loadImage } from "../float-images/float-image.ts";
import type { NetParameter } from "../io/proto/caffe.ts";
import { keepSource } from "../io/proto/source.ts";
import { netParameterOf } from "../io/text/read-net.ts";
import { Net } from "../net/net.ts";
import type { NetOptions } from "../net/options.ts";
import { CaffeError } from "../util/errors.ts";
import { silent } from "../util/log.ts";
import type { NdArray } from "../util/nd-array.ts";
import {
  checkOptions,
  finite,
  type OptionKind,
  type OptionNames,
  optionsNamed,
  whole,
  withoutUndefined,
} from "../util/options.ts";
import type { Shape } from "../util/shape.ts";
import { type ClassNames, nameOfLabel, namesFor } from "./class-names.ts";
import { imageNetOptions } from "./classifier.ts";
import { deployNetOf } from "./deploy-net.ts";
import {
  type DetectionHead,
  type Found,
  foundInRegions,
  foundInRows,
  headOf,
  type PixelBox,
} from "./detection-head.ts";
import {
  type Frame,
  type Framed,
  PictureInput,
  type PictureInputs,
  type PictureOptions,
  pictureInputs,
  pictureOptions,
} from "./picture-input.ts";
import { withBoxes } from "./training-heads.ts";

/** How a detector's net is made, its pictures are prepared and its boxes are chosen. */
export interface ObjectDetectorOptions extends Omit<NetOptions, "phase" | "dtype">, PictureOptions {
  /** Names of the classes: as `readClassNames` gives them, or a list, with the background's first or without it. */
  readonly names?: ClassNames | undefined;
  /** What scores less is left out; 0.5 by default. */
  readonly threshold?: number | undefined;
  /** The most boxes of a picture, the best of them; 100 by default, as the nets are told as well. */
  readonly most?: number | undefined;
  /** Of R-CNN's boxes of a class that overlap by more only the best is kept; 0.3 by default. */
  readonly overlap?: number | undefined;
  /**
   * What R-CNN's bbox_pred is multiplied by, and what is added then: 0.1, 0.1, 0.2, 0.2 and 0 where a net was trained on
   * normalised targets and its weights were not changed for that afterwards, as py-faster-rcnn's snapshots are. 1 and 0 by
   * default, for MS-CNN the former.
   */
  readonly boxStds?: readonly number[] | undefined;
  readonly boxMeans?: readonly number[] | undefined;
  /** How many pictures run at a time, where the net allows that: the batch of its input by default. */
  readonly batch?: number | undefined;
}

const share: OptionKind = {
  accepts: (value) => typeof value === "number" && value >= 0 && value <= 1,
  expected: "a number from 0 to 1",
};
const fourNumbers: OptionKind = {
  accepts: (value) => Array.isArray(value) && value.length === 4 && value.every(Number.isFinite),
  expected: "four numbers",
};

const objectDetectorOptions: OptionNames<ObjectDetectorOptions> = {
  ...imageNetOptions,
  ...pictureOptions,
  names: true,
  threshold: finite,
  most: whole,
  overlap: share,
  boxStds: fourNumbers,
  boxMeans: fourNumbers,
  batch: whole,
};

/** A thing in a picture: its class by number and by name, how sure the net is, and where it lies, in pixels. */
export interface DetectedObject extends Found {
  readonly name: string;
}

/** A picture, or its file, and where to look for things in it: what R-CNN's nets that propose no regions want. */
export interface PictureWithRegions {
  readonly image: FloatImage | string;
  /** In pixels. */
  readonly regions?: readonly PixelBox[] | undefined;
}

/** A picture that is to be looked at. */
type Picture = FloatImage | string | PictureWithRegions;

/** One that is read. */
interface Loaded {
  readonly image: FloatImage;
  readonly regions: readonly PixelBox[] | undefined;
}

/**
 * Finds things in pictures: a deploy net that ends in a layer of detections (SSD, YOLO) or in R-CNN's heads, or the file that
 * tests or trains a YOLO net.
 *
 *     using detector = new ObjectDetector("deploy.prototxt", { weights: "ssd.caffemodel", mean: [104, 117, 123], names });
 *     for (const { name, score, box } of await detector.detect("street.jpg")) console.log(name, score, box.xmin, box.ymin);
 *
 * What the net's file says about the preparation of pictures (transform_param) counts where the options say nothing. Boxes
 * lie within their picture, whatever its size is, the best come first.
 *
 * `Detector` is pycaffe's: it scores windows that another program proposes.
 *
 * @see SSD's ssd_detect, py-faster-rcnn's demo
 */
export class ObjectDetector {
  readonly net: Net;
  readonly #head: DetectionHead;
  readonly #inputs: PictureInputs;
  readonly #pictures: PictureInput;
  readonly #names: ReadonlyMap<number, string>;
  readonly #options: ObjectDetectorOptions;
  readonly #boxStds: readonly number[];

  /**
   * @param model the deploy prototxt, or that of testing, or the net as an object
   * @throws CaffeError where the net finds nothing or the options do not fit it, and what Net throws
   */
  constructor(model: string | NetParameter, options: ObjectDetectorOptions = {}) {
    checkOptions("ObjectDetector", options, objectDetectorOptions);
    this.#options = options;
    const { log = silent } = options;
    const whole = netParameterOf(model, log);
    const layer = withBoxes(whole.layer ?? [], (message) => log("warning", "detector", message));
    const found = keepSource(whole, { ...whole, layer: [...layer] });
    const { param, preparation } = deployNetOf(found, options);
    this.net = new Net(param, {
      forInference: true,
      ...optionsNamed(options, imageNetOptions),
      phase: "TEST",
    });
    try {
      this.#inputs = pictureInputs(
        this.net.name,
        this.net.inputs,
        (input) => this.net.blob(input).shape,
      );
      this.#head = headOf(this.net);
      this.#names = namesFor(options.names, this.#head.labels);
      const { boxStds, ...usual } = this.#head.kind === "regions" ? this.#head.usual : {};
      this.#boxStds = options.boxStds ?? boxStds ?? [1, 1, 1, 1];
      this.#pictures = new PictureInput(this.inputShape, {
        ...usual,
        ...preparation,
        ...withoutUndefined(optionsNamed(options, pictureOptions)),
      });
    } catch (error) {
      this.net.close();
      throw error;
    }
  }

  /** How pictures are prepared: the options, what the net's file says, and what its kind is used to. */
  get preparation(): PictureOptions {
    return this.#pictures.options;
  }

  /** The shape of the net's input of pictures, N×C×H×W. */
  get inputShape(): Shape {
    return this.net.blob(this.#inputs.picture).shape;
  }

  /** 3 for pictures in colour, 1 for grey ones. */
  get channels(): number {
    return this.#pictures.channels;
  }

  /** Whether the net has to be told which regions to look at. */
  get wantsRegions(): boolean {
    return this.#inputs.rois !== undefined;
  }

  /** How many pictures run at a time. */
  get batch(): number {
    const isAlone = this.#head.kind === "regions" || !this.#head.takesBatches;
    if (isAlone || !this.#pictures.hasOneSize) return 1;
    return Math.max(1, this.#options.batch ?? this.inputShape[0] ?? 1);
  }

  /** The names of classes by their numbers, as far as they are known. */
  get names(): ReadonlyMap<number, string> {
    return this.#names;
  }

  /**
   * What a picture shows, the best first.
   * @throws CaffeError where it is no picture, FileError, FormatError where its file cannot be read
   */
  async detect(picture: Picture): Promise<DetectedObject[]> {
    const [found = []] = await this.detectAll([picture]);
    return found;
  }

  /** What each picture shows, in their order. */
  async detectAll(pictures: readonly Picture[]): Promise<DetectedObject[][]> {
    this.net.checkOpen();
    const all: DetectedObject[][] = [];
    const size = this.batch;
    for (let at = 0; at < pictures.length; at += size) {
      const loaded = await Promise.all(
        pictures.slice(at, at + size).map((picture) => this.#load(picture)),
      );
      const found = await this.#run(loaded);
      all.push(...loaded.map(({ image }, i) => this.#chosen(found[i] ?? [], image)));
    }
    return all;
  }

  async #load(picture: Picture): Promise<Loaded> {
    const { image: source, regions } =
      typeof picture === "object" && "image" in picture
        ? picture
        : { image: picture, regions: undefined };
    const image =
      typeof source === "string" ? await loadImage(source, this.channels === 3) : source;
    checkImage(image);
    if (this.wantsRegions !== (regions !== undefined)) {
      throw new CaffeError(
        this.wantsRegions
          ? `net "${this.net.name}" proposes no regions itself. Expected { image, regions }, regions in pixels.`
          : `net "${this.net.name}" takes no regions. Expected the picture alone.`,
      );
    }
    return { image, regions };
  }

  /** Runs pictures of one size of input together. */
  async #run(pictures: readonly Loaded[]): Promise<Found[][]> {
    const framed = pictures.map(({ image }) => this.#pictures.frame(image));
    const [{ image, regions = [] }, { frame }] = [firstOf(pictures), firstOf(framed)];
    const { picture, info, rois } = this.#inputs;
    if (rois !== undefined && regions.length === 0) return pictures.map(() => []);
    const head = this.#head;
    const { threshold = 0.5, overlap = 0.3 } = this.#options;
    const size = Float32Array.of(...frame.size, frame.scaleX);
    const outputs = await this.net.forward(
      {
        [picture]: stacked(framed),
        ...(info !== undefined && { [info]: { shape: [1, 3], data: size } }),
        ...(rois !== undefined && { [rois]: roisOf(regions, frame) }),
      },
      { blobs: head.kind === "regions" ? [head.rois] : [] },
    );
    if (head.kind === "rows") {
      const rows = outputs[head.output] as Blob;
      return framed.map((one, i) => foundInRows(rows, i, one.frame, threshold));
    }
    const [height, width] = image.shape;
    return [
      foundInRegions(
        {
          rois: outputs[head.rois] as Blob,
          scores: outputs[head.scores] as Blob,
          deltas: head.deltas === undefined ? undefined : outputs[head.deltas],
          areLogits: head.areLogits ?? false,
        },
        frame,
        [height, width],
        {
          threshold,
          overlap,
          boxStds: this.#boxStds,
          boxMeans: this.#options.boxMeans ?? [0, 0, 0, 0],
        },
      ),
    ];
  }

  /** The best, within the picture and named; boxes that have no part in it are left out. */
  #chosen(found: readonly Found[], { shape: [height, width] }: FloatImage): DetectedObject[] {
    const within = (edge: number, end: number): number => Math.max(0, Math.min(edge, end));
    return found
      .map(({ label, score, box }): DetectedObject => {
        const { xmin, ymin, xmax, ymax } = box;
        return {
          label,
          name: nameOfLabel(this.#names, label),
          score,
          box: {
            xmin: within(xmin, width),
            ymin: within(ymin, height),
            xmax: within(xmax, width),
            ymax: within(ymax, height),
          },
        };
      })
      .filter(({ box }) => box.xmax > box.xmin && box.ymax > box.ymin)
      .sort((a, b) => b.score - a.score)
      .slice(0, this.#options.most ?? 100);
  }

  close(): void {
    this.net.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function firstOf<T>(list: readonly T[]): T {
  return list[0] as T;
}

/** The inputs of pictures behind one another. */
function stacked(framed: readonly Framed[]): NdArray<Float32Array> {
  const { shape, data } = firstOf(framed).input;
  const all = new Float32Array(framed.length * data.length);
  framed.forEach(({ input }, i) => {
    all.set(input.data, i * data.length);
  });
  return { shape: [framed.length, ...shape], data: all };
}

/** Regions of a picture as rois of its input, R×5. */
function roisOf(
  regions: readonly PixelBox[],
  { scaleX, scaleY, left, top }: Frame,
): NdArray<Float32Array> {
  const rows = regions.flatMap(({ xmin, ymin, xmax, ymax }) => [
    0,
    left + xmin * scaleX,
    top + ymin * scaleY,
    left + xmax * scaleX,
    top + ymax * scaleY,
  ]);
  return { shape: [regions.length, 5], data: Float32Array.from(rows) };
}
