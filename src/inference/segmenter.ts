import type { Blob } from "../blob/blob.ts";
import { checkImage, type FloatImage, loadImage } from "../float-images/float-image.ts";
import type { NetParameter } from "../io/proto/caffe.ts";
import { Net } from "../net/net.ts";
import type { NetOptions } from "../net/options.ts";
import { CaffeError } from "../util/errors.ts";
import type { NdArray } from "../util/nd-array.ts";
import {
  checkOptions,
  type OptionNames,
  optionsNamed,
  text,
  withoutUndefined,
} from "../util/options.ts";
import { type Shape, shapeText } from "../util/shape.ts";
import { type ClassNames, nameOfLabel, namesFor } from "./class-names.ts";
import { imageNetOptions } from "./classifier.ts";
import { deployNetOf } from "./deploy-net.ts";
import {
  type Frame,
  type Framed,
  PictureInput,
  type PictureOptions,
  pictureInputs,
  pictureOptions,
} from "./picture-input.ts";

/** How a segmenter's net is made, and its pictures are prepared. */
export interface SegmenterOptions extends Omit<NetOptions, "phase" | "dtype">, PictureOptions {
  /** Names of the classes: as `readClassNames` gives them, or a list, with the background's first or without it. */
  readonly names?: ClassNames | undefined;
  /** The output with the scores of pixels; the net's only one of maps by default. */
  readonly output?: string | undefined;
}

const segmenterOptions: OptionNames<SegmenterOptions> = {
  ...imageNetOptions,
  ...pictureOptions,
  names: true,
  output: text,
};

/** A class that is in a picture. */
export interface SegmentedClass {
  readonly label: number;
  readonly name: string;
  readonly pixels: number;
  /** Of the picture, 0 to 1. */
  readonly share: number;
}

/** Which class every pixel of a picture belongs to. */
export interface Segmentation {
  readonly height: number;
  readonly width: number;
  /** The class of each pixel, row by row. */
  readonly labels: Uint16Array;
  /** The classes that are there, the largest first. */
  readonly classes: readonly SegmentedClass[];
}

/**
 * Says of every pixel of a picture which class it belongs to: a deploy net that ends in scores of pixels, N×C×H×W (FCN, SegNet,
 * PSPNet, DeepLab), in their ArgMax, or in the Sigmoid of a single class.
 *
 *     using segmenter = new Segmenter("deploy.prototxt", { weights: "fcn.caffemodel", mean: [104, 117, 123], names });
 *     const { classes, labels } = await segmenter.segment("street.jpg");
 *
 * Scores of a smaller map are interpolated between its pixels before the best one is taken, so that edges of classes are
 * those of the picture's size.
 *
 * @see PSPNet's evaluation
 */
export class Segmenter {
  readonly net: Net;
  readonly #input: string;
  /** @internal */
  readonly output: string;
  readonly #kind: MapKind;
  readonly #pictures: PictureInput;
  readonly #names: ReadonlyMap<number, string>;

  /**
   * @param model the deploy prototxt, or that of testing, or the net as an object
   * @throws CaffeError where the net has no output of pixels or the options do not fit it, and what Net throws
   */
  constructor(model: string | NetParameter, options: SegmenterOptions = {}) {
    checkOptions("Segmenter", options, segmenterOptions);
    const { param, preparation } = deployNetOf(model, options);
    this.net = new Net(param, {
      forInference: true,
      ...optionsNamed(options, imageNetOptions),
      phase: "TEST",
    });
    try {
      const { net } = this;
      const inputs = pictureInputs(net.name, net.inputs, (input) => net.blob(input).shape);
      this.#input = inputs.picture;
      this.output = options.output ?? outputOfMaps(net);
      this.#kind = kindOf(net, this.output);
      this.#names = namesFor(options.names, this.#labelCount(options.names));
      this.#pictures = new PictureInput(this.inputShape, {
        ...preparation,
        ...withoutUndefined(optionsNamed(options, pictureOptions)),
      });
    } catch (error) {
      this.net.close();
      throw error;
    }
  }

  /** How many labels there are; of an ArgMax nobody says, so as many as there are names. */
  #labelCount(names: ClassNames | undefined): number {
    if (this.#kind === "scores") return this.net.blob(this.output).shape[1] ?? 0;
    if (this.#kind === "probability") return 2;
    return Array.isArray(names) ? names.length : 0;
  }

  /** How pictures are prepared: the options, and what the net's file says. */
  get preparation(): PictureOptions {
    return this.#pictures.options;
  }

  /** The shape of the net's input of pictures, N×C×H×W. */
  get inputShape(): Shape {
    return this.net.blob(this.#input).shape;
  }

  /** The names of classes by their numbers, as far as they are known. */
  get names(): ReadonlyMap<number, string> {
    return this.#names;
  }

  /**
   * Which class every pixel of a picture belongs to.
   * @throws CaffeError where it is no picture, FileError, FormatError where its file cannot be read
   */
  async segment(picture: FloatImage | string): Promise<Segmentation> {
    this.net.checkOpen();
    const image =
      typeof picture === "string"
        ? await loadImage(picture, this.#pictures.channels === 3)
        : picture;
    const { input, frame } = this.prepare(image);
    const outputs = await this.net.forward({
      [this.#input]: { shape: [1, ...input.shape], data: input.data },
    });
    const map = outputs[this.output] as Blob;
    return this.read({ shape: map.shape, data: map.values() }, frame, image.shape);
  }

  /**
   * What the net is given of a picture, and where the picture lies in it.
   * @internal
   */
  prepare(image: FloatImage): Framed {
    checkImage(image);
    return this.#pictures.frame(image);
  }

  /**
   * What a map of one row says of a picture.
   * @internal
   */
  read(map: NdArray, frame: Frame, [height, width]: FloatImage["shape"]): Segmentation {
    const labels = labelsOf(map, this.#kind, frame, height, width);
    return { height, width, labels, classes: this.#classesIn(labels) };
  }

  /**
   * Whether every picture is brought to the same size.
   * @internal
   */
  get hasOneSize(): boolean {
    return this.#pictures.hasOneSize;
  }

  #classesIn(labels: Uint16Array): SegmentedClass[] {
    const counts = new Map<number, number>();
    for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
    return [...counts]
      .sort(([a, many], [b, more]) => more - many || a - b)
      .map(([label, pixels]) => {
        const name = nameOfLabel(this.#names, label);
        return { label, name, pixels, share: pixels / labels.length };
      });
  }

  close(): void {
    this.net.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** What a map holds: scores of classes, the number of the best one, or how likely the only class is. */
type MapKind = "scores" | "labels" | "probability";

function outputOfMaps(net: Net): string {
  const maps = net.outputs.filter((name) => isMap(net.blob(name).shape));
  const [map] = maps;
  if (map !== undefined && maps.length === 1) return map;
  const shapes = net.outputs.map((name) => `${name} ${shapeText(net.blob(name).shape)}`);
  throw new CaffeError(
    maps.length > 1
      ? `net "${net.name}" has several outputs of pixels: ${shapes.join(", ")}. Expected the name of one, as output (--net_output).`
      : `net "${net.name}" ends in ${shapes.join(", ") || "nothing"}. Expected scores of pixels, N×C×H×W. caffe classify is for scores of a whole picture, caffe detect for boxes.`,
  );
}

function isMap(shape: Shape): boolean {
  const [, , height = 0, width = 0] = shape;
  return shape.length === 4 && height * width > 1;
}

function kindOf(net: Net, output: string): MapKind {
  const { shape } = net.blob(output);
  if (!isMap(shape)) {
    throw new CaffeError(
      `output "${output}" has shape ${shapeText(shape)}. Expected scores of pixels, N×C×H×W.`,
    );
  }
  if ((shape[1] ?? 0) > 1) return "scores";
  const maker = net.layers.findLast(({ param }) => param.top?.includes(output))?.param.type;
  if (maker === "ArgMax") return "labels";
  if (maker === "Sigmoid") return "probability";
  throw new CaffeError(
    `output "${output}" has shape ${shapeText(shape)} and is made by ${maker}. Expected scores of two classes or more, the ArgMax of scores, or the Sigmoid of one class's.`,
  );
}

/** The two cells of a map beside each row or column of a picture, and how much of the second. */
interface Samples {
  readonly near: Int32Array;
  readonly far: Int32Array;
  readonly share: Float32Array;
}

/** Where rows or columns of a picture lie in a map that shows the whole input. */
function samplesOf(
  length: number,
  scale: number,
  start: number,
  inputLength: number,
  cells: number,
): Samples {
  const samples: Samples = {
    near: new Int32Array(length),
    far: new Int32Array(length),
    share: new Float32Array(length),
  };
  for (let i = 0; i < length; i++) {
    const inInput = start + (i + 0.5) * scale;
    const at = Math.min(Math.max((inInput * cells) / inputLength - 0.5, 0), cells - 1);
    samples.near[i] = Math.floor(at);
    samples.far[i] = Math.min(Math.floor(at) + 1, cells - 1);
    samples.share[i] = at - Math.floor(at);
  }
  return samples;
}

/** The label of every pixel of a picture of that size. */
function labelsOf(
  map: NdArray,
  kind: MapKind,
  frame: Frame,
  height: number,
  width: number,
): Uint16Array {
  const [, channels = 0, mapHeight = 0, mapWidth = 0] = map.shape;
  const rows = samplesOf(height, frame.scaleY, frame.top, frame.size[0], mapHeight);
  const columns = samplesOf(width, frame.scaleX, frame.left, frame.size[1], mapWidth);
  const values = map.data;
  const plane = mapHeight * mapWidth;
  const labels = new Uint16Array(height * width);
  const best = new Float32Array(width);
  /** A row of a channel at the map's columns. */
  const line = new Float32Array(mapWidth);
  for (let y = 0; y < height; y++) {
    const [near = 0, far = 0, down = 0] = [rows.near[y], rows.far[y], rows.share[y]];
    best.fill(kind === "probability" ? 0.5 : Number.NEGATIVE_INFINITY);
    for (let c = 0; c < channels; c++) {
      const [upper, lower] = [c * plane + near * mapWidth, c * plane + far * mapWidth];
      for (let x = 0; x < mapWidth; x++) {
        const [above = 0, below = 0] = [values[upper + x], values[lower + x]];
        line[x] = kind === "labels" ? (down < 0.5 ? above : below) : above + (below - above) * down;
      }
      for (let x = 0; x < width; x++) {
        const [left = 0, right = 0] = [line[columns.near[x] ?? 0], line[columns.far[x] ?? 0]];
        const along = columns.share[x] ?? 0;
        if (kind === "labels") {
          labels[y * width + x] = along < 0.5 ? left : right;
          continue;
        }
        const score = left + (right - left) * along;
        if (!(score > (best[x] ?? 0))) continue;
        best[x] = score;
        labels[y * width + x] = kind === "probability" ? 1 : c;
      }
    }
  }
  return labels;
}
