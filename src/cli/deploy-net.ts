import type { TransformerOptions } from "../float-images/transformer.ts";
import { classifierPreparation } from "../inference/classifier-preparation.ts";
import { withDeployStage } from "../inference/deploy-stage.ts";
import type { NetParameter } from "../io/proto/caffe.ts";
import { readNetParameter } from "../io/text/read-net.ts";
import { CaffeError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { givenPreparation, type ImageFlags } from "./preparation.ts";

/**
 * The deploy net that the flags name; of a file for all phases what is there in the stage "deploy".
 * @throws CaffeError where no net or weights are named, and what reading the net throws
 */
export function deployNet(flags: ImageFlags, log: Log): NetParameter {
  if (!flags.model) throw new CaffeError("Need a model definition. Give --model=FILE.");
  if (!flags.weights) throw new CaffeError("Need model weights. Give --weights=FILE.");
  return withDeployStage(readNetParameter(flags.model, log));
}

/**
 * What the flags say about the preparation of images for a net, or else its Input's transform_param (mean_value or mean_file, scale);
 * colours come blue first unless they say otherwise.
 * @throws CaffeError where they contradict one another, FileError or FormatError for the mean's file
 */
export function preparationOf(flags: ImageFlags, net: NetParameter): TransformerOptions {
  return classifierPreparation(net, givenPreparation(flags));
}
