import type { Argv } from "yargs";
import { readMean } from "../float-images/mean.ts";
import type { PictureOptions, Resize } from "../inference/picture-input.ts";
import { channelMeans } from "../io/images/mean-image.ts";
import { CaffeError } from "../util/errors.ts";
import type { Shape } from "../util/shape.ts";
import { listOf, real, whole, withLists } from "./flags.ts";
import { type CommonFlags, withCommonFlags } from "./session.ts";

/** Flags that say how images are prepared for a net. */
export interface PreparationFlags {
  readonly mean: string | undefined;
  readonly mean_value: string | undefined;
  readonly raw_scale: number;
  readonly input_scale: number | undefined;
  readonly channel_swap: string | undefined;
}

/** Flags of commands that run a deploy net on images. */
export interface ImageFlags extends CommonFlags, PreparationFlags {
  readonly model: string | undefined;
  readonly weights: string | undefined;
}

/** Adds the flags that say which net runs and how images are prepared for it. */
export function withImageFlags<T>(yargs: Argv<T>): Argv<T & ImageFlags> {
  return withPreparationFlags(
    withCommonFlags(yargs)
      .option("model", { type: "string", describe: "the net's deploy prototxt" })
      .option("weights", {
        type: "string",
        describe: "its .caffemodel files, separated by commas",
      }),
  ) as Argv<T & ImageFlags>;
}

/** What a value is multiplied with where nothing is said: nets were trained on bytes. */
export const RAW_SCALE = 255;

/** What flags of preparation say of themselves, for one net or for several. */
export const PREPARATION_HELP = {
  mean: "mean image to subtract: .binaryproto or .npy; one value a channel is taken of it",
  mean_value: "means to subtract, one a channel: 104,117,123",
  raw_scale: "factor before the mean is subtracted; images are 0 to 1",
  input_scale: "factor after the mean is subtracted; 1 by default",
  channel_swap: "order of channels; 2,1,0 (blue first) by default for colour",
  resize:
    "warp to the net's input (the default), fit into it with the mean around, scale by the shorter side (R-CNN's default), or none: the net takes the picture's size",
  input_size: "height,width of the net's input in place of those in its file",
  shorter_side: "pixels of the shorter side with --resize=short; 600 by default",
  longer_side: "the most pixels of the longer side then; 1000 by default",
} as const;

/** Adds the flags that say how images are prepared. */
function withPreparationFlags<T>(yargs: Argv<T>): Argv<T & PreparationFlags> {
  return yargs
    .option("mean", { type: "string", describe: PREPARATION_HELP.mean })
    .option("mean_value", { type: "string", describe: PREPARATION_HELP.mean_value })
    .option(...real("raw_scale", { default: RAW_SCALE, describe: PREPARATION_HELP.raw_scale }))
    .option(...real("input_scale", { describe: PREPARATION_HELP.input_scale }))
    .option("channel_swap", { type: "string", describe: PREPARATION_HELP.channel_swap }) as Argv<
    T & PreparationFlags
  >;
}

/**
 * What the flags themselves say about the preparation of images.
 * @throws CaffeError where they contradict one another, FileError or FormatError for the mean's file
 */
export function givenPreparation(
  flags: PreparationFlags,
): Pick<PictureOptions, "rawScale" | "inputScale" | "mean" | "channelSwap"> {
  const swap =
    flags.channel_swap === undefined ? undefined : numbersOf("channel_swap", flags.channel_swap);
  return {
    rawScale: flags.raw_scale,
    inputScale: flags.input_scale,
    mean: meanOf(flags),
    channelSwap: swap,
  };
}

function meanOf({ mean, mean_value }: PreparationFlags): readonly number[] | undefined {
  if (mean !== undefined && mean_value !== undefined) {
    throw new CaffeError("--mean and --mean_value are both given. Expected one of them.");
  }
  if (mean_value !== undefined) return numbersOf("mean_value", mean_value);
  return mean === undefined ? undefined : channelMeans(readMean(mean));
}

/** Flags of commands whose nets take pictures of any size, and which draw into them what they find. */
export interface PictureFlags extends ImageFlags {
  readonly pictures: readonly string[];
  readonly labels: string | undefined;
  readonly output: string | undefined;
  readonly format: string;
  readonly json: boolean;
  readonly resize: Resize | undefined;
  readonly input_size: string | undefined;
  readonly shorter_side: number | undefined;
  readonly longer_side: number | undefined;
}

/**
 * As `withImageFlags`, and those that say which pictures are looked at, how they are brought to the net's input, what its
 * classes are called and what is written.
 *
 * @param more what stands behind the words about pictures; formats: what `--format` can write
 */
export function withPictureFlags<T>(
  yargs: Argv<T>,
  { more = "", formats }: { readonly more?: string; readonly formats: string },
): Argv<T & PictureFlags> {
  return withLists(withImageFlags(yargs), "pictures")
    .positional("pictures", {
      type: "string",
      array: true,
      demandOption: true,
      describe: `image files, or folders of them${more}`,
    })
    .option("labels", {
      type: "string",
      describe:
        "names of classes: a label map, a text file with one a line, or voc, coco or cityscapes; by default the label map that the net names",
    })
    .option("output", {
      type: "string",
      describe: "folder for what is written; beside each picture by default",
    })
    .option("format", {
      type: "string",
      default: "png",
      describe: `what is written, separated by commas: ${formats}, or none`,
    })
    .option("json", {
      type: "boolean",
      default: false,
      describe: "print JSON in place of a table",
    })
    .option("resize", {
      type: "string",
      choices: ["warp", "fit", "short", "none"],
      describe: PREPARATION_HELP.resize,
    })
    .option("input_size", {
      type: "string",
      describe: PREPARATION_HELP.input_size,
    })
    .option(
      ...whole("shorter_side", {
        least: 1,
        describe: PREPARATION_HELP.shorter_side,
      }),
    )
    .option(
      ...whole("longer_side", {
        least: 1,
        describe: PREPARATION_HELP.longer_side,
      }),
    ) as unknown as Argv<T & PictureFlags>;
}

/**
 * What the flags say about how pictures become a net's input; the net's file counts where they say nothing.
 * @throws CaffeError where they contradict one another, FileError or FormatError for the mean's file
 */
export function pictureOptionsOf(
  flags: PreparationFlags &
    Pick<PictureFlags, "resize" | "input_size" | "shorter_side" | "longer_side">,
): PictureOptions {
  const size =
    flags.input_size === undefined ? undefined : numbersOf("input_size", flags.input_size);
  if (size && !(size.length === 2 && size.every((side) => Number.isInteger(side) && side > 0))) {
    throw new CaffeError(`--input_size is ${flags.input_size}. Expected height,width.`);
  }
  return {
    ...givenPreparation(flags),
    resize: flags.resize,
    inputSize: size as [number, number] | undefined,
    shorterSide: flags.shorter_side,
    longerSide: flags.longer_side,
  };
}

/** A net of pictures, as far as the way to it is concerned. */
interface PreparedNet {
  readonly preparation: PictureOptions;
  readonly inputShape: Shape;
}

/** How pictures are prepared, in a line. */
export function preparationText({ preparation, inputShape }: PreparedNet): string {
  const { resize = "warp", inputSize, shorterSide = 600, longerSide = 1000 } = preparation;
  const { mean, rawScale = 1, inputScale = 1, channelSwap } = preparation;
  const [, , height, width] = inputShape;
  const size = {
    warp: `warped to ${(inputSize ?? [height, width]).join("×")}`,
    fit: `fitted into ${(inputSize ?? [height, width]).join("×")}`,
    short: `scaled to a shorter side of ${shorterSide}, a longer of ${longerSide} at most`,
    none: "of their own size",
  }[resize];
  const means = Array.isArray(mean) ? mean.join(", ") : mean === undefined ? "none" : "of a file";
  return `Pictures (height×width) are ${size}; values 0 to ${rawScale}, mean ${means}, scale ${Number(inputScale.toPrecision(7))}${channelSwap ? `, channels of red, green, blue in the order ${channelSwap.join(", ")}` : ""}`;
}

/**
 * Numbers separated by commas.
 * @throws CaffeError where one is none
 */
export function numbersOf(flag: string, text: string): number[] {
  const numbers = listOf(flag, text).map(Number);
  if (numbers.length > 0 && numbers.every(Number.isFinite)) return numbers;
  throw new CaffeError(`--${flag} is ${text}. Expected numbers separated by commas.`);
}
