import { readMean } from "../float-images/mean.ts";
import type { TransformerOptions } from "../float-images/transformer.ts";
import { channelMeans } from "../io/images/mean-image.ts";
import type { NetParameter } from "../io/proto/caffe.ts";

/**
 * How images are prepared for a classifier: as is said, or else as its Input's transform_param has it (mean_value or mean_file,
 * scale); colours come blue first unless another order is given.
 * @throws FileError, FormatError where the mean's file cannot be read
 */
export function classifierPreparation(
  net: NetParameter,
  { mean, rawScale, inputScale, channelSwap }: TransformerOptions,
): TransformerOptions {
  const input = net.layer?.find(({ type }) => type === "Input");
  const channels = input?.input_param?.shape?.[0]?.dim?.[1] ?? 0;
  const { mean_value: [first, ...others] = [], mean_file, scale } = input?.transform_param ?? {};
  const own =
    first !== undefined && others.length === 0
      ? Array.from({ length: channels }, () => first)
      : [first ?? 0, ...others];
  const ofFile = mean_file ? channelMeans(readMean(mean_file)) : undefined;
  const subtracted = mean ?? (first === undefined ? ofFile : own);
  const swap = channelSwap ?? (channels === 3 ? [2, 1, 0] : undefined);
  return {
    rawScale,
    inputScale: inputScale ?? scale,
    ...(subtracted && { mean: subtracted }),
    ...(swap && { channelSwap: swap }),
  };
}
