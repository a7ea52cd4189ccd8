import { type OptionKind, type OptionNames, text, texts, yesOrNo } from "../../util/options.ts";
import { OPSETS } from "../graph/operators.ts";
import type { Preparation } from "./preparation.ts";

/** How a net is written as ONNX; every option may be left out. */
export interface OnnxOptions {
  /** The version of ONNX's operators, 11 to 21; 17 by default. */
  readonly opset?: number;
  /** The number of samples, which the file says then; any number by default. */
  readonly batch?: number;
  /** Whether lines behind sums (BatchNorm, Scale, Bias) become part of their weights; true by default. */
  readonly fold?: boolean;
  /** What nodes in front of the net do to the first input of images, so that it takes pixels; nothing by default. */
  readonly preparation?: Preparation;
  /** Names of the classes, in their order, for the file's metadata. */
  readonly labels?: readonly string[];
  /** Where the net comes from, for the file's metadata. */
  readonly source?: string;
}

function within(least: number, most: number): OptionKind {
  return {
    accepts: (value) =>
      Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most,
    expected: `a whole number from ${least} to ${most}`,
  };
}

/** The names of the options of `toOnnx`. */
export const onnxOptions: OptionNames<OnnxOptions> = {
  opset: within(OPSETS.least, OPSETS.most),
  batch: within(1, 2 ** 31 - 1),
  fold: yesOrNo,
  preparation: true,
  labels: texts,
  source: text,
};
