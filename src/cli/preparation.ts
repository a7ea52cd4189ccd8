import type { Argv } from "yargs";
import { readMean } from "../float-images/mean.ts";
import type { TransformerOptions } from "../float-images/transformer.ts";
import { channelMeans } from "../io/images/mean-image.ts";
import type { NetParameter } from "../io/proto/caffe.ts";
import { readNetParameter } from "../io/text/read-net.ts";
import { CaffeError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { listOf, real } from "./flags.ts";
import { type CommonFlags, withCommonFlags } from "./session.ts";

/** Flags of commands that run a deploy net on images. */
export interface ImageFlags extends CommonFlags {
  readonly model: string | undefined;
  readonly weights: string | undefined;
  readonly mean: string | undefined;
  readonly mean_value: string | undefined;
  readonly raw_scale: number;
  readonly input_scale: number;
  readonly channel_swap: string | undefined;
}

/** Adds the flags that say which net runs and how images are prepared for it. */
export function withImageFlags<T>(yargs: Argv<T>): Argv<T & ImageFlags> {
  return withCommonFlags(yargs)
    .option("model", { type: "string", describe: "the net's deploy prototxt" })
    .option("weights", { type: "string", describe: "its .caffemodel files, separated by commas" })
    .option("mean", {
      type: "string",
      describe: "mean image to subtract: .binaryproto or .npy; one value a channel is taken of it",
    })
    .option("mean_value", {
      type: "string",
      describe: "means to subtract, one a channel: 104,117,123",
    })
    .option(
      ...real("raw_scale", {
        default: 255,
        describe: "factor before the mean is subtracted; images are 0 to 1",
      }),
    )
    .option(...real("input_scale", { default: 1, describe: "factor after the mean is subtracted" }))
    .option("channel_swap", {
      type: "string",
      describe: "order of channels; 2,1,0 (blue first) by default for colour",
    }) as Argv<T & ImageFlags>;
}

/**
 * The deploy net that the flags name.
 * @throws CaffeError where no net or weights are named, and what reading the net throws
 */
export function deployNet(flags: ImageFlags, log: Log): NetParameter {
  if (!flags.model) throw new CaffeError("Need a model definition. Give --model=FILE.");
  if (!flags.weights) throw new CaffeError("Need model weights. Give --weights=FILE.");
  return readNetParameter(flags.model, log);
}

/**
 * What the flags say about the preparation of images for a net; colours come blue first unless they say otherwise.
 * @throws CaffeError where they contradict one another, FileError or FormatError for the mean's file
 */
export function preparationOf(flags: ImageFlags, net: NetParameter): TransformerOptions {
  if (flags.mean !== undefined && flags.mean_value !== undefined) {
    throw new CaffeError("--mean and --mean_value are both given. Expected one of them.");
  }
  const mean =
    flags.mean_value === undefined
      ? flags.mean && channelMeans(readMean(flags.mean))
      : numbersOf("mean_value", flags.mean_value);
  const input = net.layer?.find(({ type }) => type === "Input");
  const isColor = input?.input_param?.shape?.[0]?.dim?.[1] === 3;
  const swap =
    flags.channel_swap === undefined
      ? isColor && [2, 1, 0]
      : numbersOf("channel_swap", flags.channel_swap);
  return {
    rawScale: flags.raw_scale,
    inputScale: flags.input_scale,
    ...(mean && { mean }),
    ...(swap && { channelSwap: swap }),
  };
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
