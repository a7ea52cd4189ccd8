import { type FloatImage, resizeImage } from "../float-images/float-image.ts";
import {
  Transformer,
  type TransformerOptions,
  transformerOptions,
} from "../float-images/transformer.ts";
import type { LayerParameter, TransformationParameter } from "../io/proto/caffe.ts";
import type { LayerRegistry } from "../layers/registry.ts";
import { CaffeError } from "../util/errors.ts";
import type { NdArray } from "../util/nd-array.ts";
import {
  finite,
  type OptionKind,
  type OptionNames,
  oneOf,
  withoutUndefined,
} from "../util/options.ts";
import { countOf, type Shape } from "../util/shape.ts";

/** What has more channels is no picture, but maps of another net. */
const MOST_CHANNELS = 16;

/** How a picture of any size is brought to a net's input. */
export type Resize = "warp" | "fit" | "short" | "none";

/** How pictures become a net's input, whatever sizes they have. */
export interface PictureOptions extends Omit<TransformerOptions, "transpose"> {
  /**
   * - "warp" (the default): to the input's height and width
   * - "fit": as large as it fits into the input, the mean around it
   * - "short": its shorter side has `shorterSide` pixels, 600 by default, its longer at most `longerSide`, 1000 by default
   *   (the default of R-CNN)
   * - "none": as it is; the net takes its size
   */
  readonly resize?: Resize | undefined;
  readonly shorterSide?: number | undefined;
  readonly longerSide?: number | undefined;
  /** Height and width of the net's input, in place of those that its prototxt says. */
  readonly inputSize?: readonly [height: number, width: number] | undefined;
}

const pixels: OptionKind = {
  accepts: (value) => typeof value === "number" && value >= 1,
  expected: "a number of pixels, 1 or more",
};
const twoSides: OptionKind = {
  accepts: (value) =>
    Array.isArray(value) && value.length === 2 && value.every((n) => Number.isInteger(n) && n > 0),
  expected: "[height, width], whole numbers above 0",
};

const { transpose: _transpose, ...transformerNames } = transformerOptions;
/** The names of these options. */
export const pictureOptions: OptionNames<PictureOptions> = {
  ...transformerNames,
  resize: oneOf("warp", "fit", "short", "none"),
  shorterSide: finite,
  longerSide: pixels,
  inputSize: twoSides,
};

/** Where a picture lies in a net's input: its pixel (x, y) is at (left + x · scaleX, top + y · scaleY) there. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly scaleX: number;
  readonly scaleY: number;
  /** Height and width of the input. */
  readonly size: readonly [height: number, width: number];
}

/** A picture as a net's input, and where it lies there. */
export interface Framed {
  readonly input: NdArray<Float32Array>;
  readonly frame: Frame;
}

/**
 * Makes pictures of any size a net's input: scaled to it, × rawScale (255: the net was trained on bytes), blue first where
 * there are three channels, − mean, × inputScale.
 */
export class PictureInput {
  readonly channels: number;
  readonly options: PictureOptions;
  readonly #size: readonly [number, number];

  /**
   * @param shape of the net's input, N×C×H×W
   * @throws CaffeError where the options do not fit it
   */
  constructor([, channels = 0, height = 0, width = 0]: Shape, options: PictureOptions) {
    const { resize, shorterSide = 600, longerSide = 1000 } = options;
    if (resize === "short" && !(shorterSide >= 1 && longerSide >= shorterSide)) {
      throw new CaffeError(
        `shorterSide is ${shorterSide} and longerSide ${longerSide}. Expected 1 ≤ shorterSide ≤ longerSide.`,
      );
    }
    this.channels = channels;
    this.options = {
      rawScale: 255,
      ...(channels === 3 && { channelSwap: [2, 1, 0] }),
      ...withoutUndefined(options),
    };
    this.#size = options.inputSize ?? [height, width];
    this.#transformer(this.#size);
  }

  /** Whether every picture's input has the same size. */
  get hasOneSize(): boolean {
    const { resize = "warp" } = this.options;
    return resize === "warp" || resize === "fit";
  }

  /** @throws CaffeError where the picture has another number of channels than the input */
  frame(picture: FloatImage): Framed {
    const frame = this.#frameOf(picture.shape);
    const transformer = this.#transformer(frame.size);
    if (this.options.resize !== "fit") return { input: transformer.preprocess(picture), frame };
    const [height, width] = frame.size;
    const around = transformer.deprocess({
      shape: [this.channels, height, width],
      data: new Float32Array(this.channels * height * width),
    });
    return { input: transformer.preprocess(laidInto(around, picture, frame)), frame };
  }

  #transformer([height, width]: readonly [number, number]): Transformer {
    const { channelSwap, rawScale, mean, inputScale } = this.options;
    // One mean is that of every channel, as in transform_param.
    const isOne = Array.isArray(mean) && mean.length === 1;
    return new Transformer([1, this.channels, height, width], {
      channelSwap,
      rawScale,
      mean: isOne ? Array.from({ length: this.channels }, () => mean[0] as number) : mean,
      inputScale,
    });
  }

  #frameOf([height, width]: FloatImage["shape"]): Frame {
    const [toHeight, toWidth] = this.#size;
    const { resize = "warp", shorterSide = 600, longerSide = 1000 } = this.options;
    if (resize === "none") return wholeFrame(height, width, height, width);
    if (resize === "warp") return wholeFrame(height, width, toHeight, toWidth);
    if (resize === "short") {
      const [short, long] = [Math.min(height, width), Math.max(height, width)];
      let scale = shorterSide / short;
      if (Math.round(scale * long) > longerSide) scale = longerSide / long;
      const [h, w] = [height, width].map((side) => Math.max(1, Math.round(side * scale)));
      return { left: 0, top: 0, scaleX: scale, scaleY: scale, size: [h ?? 1, w ?? 1] };
    }
    const scale = Math.min(toHeight / height, toWidth / width);
    const [h, w] = [Math.round(height * scale) || 1, Math.round(width * scale) || 1];
    return {
      left: Math.floor((toWidth - w) / 2),
      top: Math.floor((toHeight - h) / 2),
      scaleX: w / width,
      scaleY: h / height,
      size: [toHeight, toWidth],
    };
  }
}

function wholeFrame(height: number, width: number, toHeight: number, toWidth: number): Frame {
  return {
    left: 0,
    top: 0,
    scaleX: toWidth / width,
    scaleY: toHeight / height,
    size: [toHeight, toWidth],
  };
}

/** The image with the picture laid into it, where the frame says. */
function laidInto(image: FloatImage, picture: FloatImage, frame: Frame): FloatImage {
  const [, width, channels] = image.shape;
  const [pictureHeight, pictureWidth] = picture.shape;
  const [h, w] = [
    Math.round(pictureHeight * frame.scaleY),
    Math.round(pictureWidth * frame.scaleX),
  ];
  const { data } = resizeImage(picture, h, w);
  const row = w * channels;
  for (let y = 0; y < h; y++) {
    const to = ((frame.top + y) * width + frame.left) * channels;
    image.data.set(data.subarray(y * row, (y + 1) * row), to);
  }
  return image;
}

/** The place in a picture of a place in a net's input. */
export function inPicture(frame: Frame, x: number, y: number): readonly [x: number, y: number] {
  return [(x - frame.left) / frame.scaleX, (y - frame.top) / frame.scaleY];
}

/**
 * What a net's layers say about how its pictures are prepared: the transform_param of its data layer, of its Input, or of
 * its DetectionOutput, where SSD's deploy files have it.
 */
export function preparationIn(
  layers: readonly LayerParameter[],
  registry: LayerRegistry,
): PictureOptions {
  const isAsked = (type: string): boolean =>
    ["source", "input", "result"].includes(registry.roleOf(type));
  const transform = layers.find(
    ({ type = "", transform_param }) => transform_param && isAsked(type),
  )?.transform_param;
  return transform ? optionsOf(transform) : {};
}

function optionsOf(transform: TransformationParameter): PictureOptions {
  const { mean_file, mean_value = [], scale, resize_param = [] } = transform;
  const [resize] = resize_param;
  const mode = resize?.resize_mode ?? "WARP";
  const mean = mean_value.length > 0 ? [...mean_value] : mean_file;
  const size = [resize?.height ?? 0, resize?.width ?? 0] as const;
  return {
    ...(mean && { mean }),
    ...(scale !== undefined && { inputScale: scale }),
    ...(resize && mode === "FIT_LARGE_SIZE_AND_PAD" && { resize: "fit" }),
    ...(resize &&
      mode === "FIT_SMALL_SIZE" &&
      size[0] > 0 && {
        resize: "short",
        shorterSide: Math.min(...size.filter((side) => side > 0)),
        longerSide: Number.POSITIVE_INFINITY,
      }),
  };
}

/**
 * The inputs of a net of pictures: that of the picture itself, and whether it is told the picture's size and regions.
 */
export interface PictureInputs {
  readonly picture: string;
  /** `im_info`: height, width and scale of the picture as the net sees it. */
  readonly info: string | undefined;
  /** `rois`: the regions to look at. */
  readonly rois: string | undefined;
}

/**
 * The inputs of a net of pictures.
 * @throws CaffeError where it has none of pictures, or others besides
 */
export function pictureInputs(
  name: string,
  inputs: readonly string[],
  shapeOf: (input: string) => Shape,
): PictureInputs {
  const info = inputs.find((input) => input === "im_info");
  const rois = inputs.find((input) => input === "rois");
  const others = inputs.filter((input) => input !== info && input !== rois);
  const [picture] = others;
  if (picture !== undefined && others.length === 1) {
    const shape = shapeOf(picture);
    const isOfPictures = shape.length === 4 && (shape[1] ?? 0) <= MOST_CHANNELS;
    if (isOfPictures && countOf(shape) > 0) return { picture, info, rois };
    throw new CaffeError(
      `net "${name}": its input "${picture}" has shape ${shape.join("×")}. Expected pictures, N×C×H×W: a net that goes on from another's maps needs that one in front of it.`,
    );
  }
  if (inputs.length === 0) {
    throw new CaffeError(
      `net "${name}" reads its data itself. Expected a deploy net, with an Input layer of pictures (layer { type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 300 dim: 300 } } }) in place of its data layer.`,
    );
  }
  throw new CaffeError(
    `net "${name}" has the inputs ${inputs.join(", ")}. Expected one of pictures, and im_info and rois at most besides.`,
  );
}
