import type { CommandModule } from "yargs";
import { checkWritable, writeFileAtomically } from "../../io/files/atomic-file.ts";
import { fileExists } from "../../io/files/file-system.ts";
import { outputTarget } from "../../io/files/output-target.ts";
import { printPrototxt } from "../../io/text/prototxt.ts";
import { readNetParameter } from "../../io/text/read-net.ts";
import { quantize as quantizeNet } from "../../quantize/quantize.ts";
import { type QuantizeReport, reportOf } from "../../quantize/report.ts";
import { type Method, methods } from "../../quantize/threshold.ts";
import { CaffeError } from "../../util/errors.ts";
import { numberText } from "../../util/log.ts";
import { printable } from "../../util/printable.ts";
import { type BatchFlags, calibrationBatches } from "../calibration-batches.ts";
import { levelFlag, listOf, real, stageFlag, whole, withLists } from "../flags.ts";
import { withImageFlags } from "../preparation.ts";
import { ruledTable } from "../ruled-table.ts";
import { Console, enginesFor, withoutInfo } from "../session.ts";

interface QuantizeFlags extends BatchFlags {
  readonly out: string;
  readonly method: Method;
  readonly percentile: number;
  readonly keep_float: string | undefined;
  readonly least_agreement: number;
  readonly most_kept: number;
  readonly level: number;
  readonly stage: string | undefined;
}

/** `caffe quantize`: a net whose layers multiply bytes, with a report of what it loses. */
export const quantize: CommandModule<object, QuantizeFlags> = {
  command: "quantize <out>",
  describe: "make a net of 8-bit integers, for inference, and say what it loses",
  builder: (yargs) =>
    withLists(withImageFlags(yargs), "data")
      .positional("out", {
        type: "string",
        demandOption: true,
        describe: "what is written begins so: OUT.prototxt, OUT.caffemodel and OUT.json, a report",
      })
      .option("data", {
        type: "string",
        array: true,
        default: [],
        describe:
          "what a deploy net is run on to find scales: pictures, folders or lists of them (.txt), or a file of arrays (.npy, HDF5); a net with data layers reads its own",
      })
      .option("image_dims", {
        type: "string",
        describe:
          "height,width that pictures are resized to before cropping to the input; the input's by default",
      })
      .option(...whole("batches", { default: 10, least: 1, describe: "batches to run" }))
      .option(
        ...whole("batch_size", { default: 10, least: 1, describe: "samples of --data in a batch" }),
      )
      .option("method", {
        choices: methods,
        default: "percentile",
        describe:
          "which magnitude the last byte stands for: the greatest there was, one that nearly all values lie below, or that with the least Kullback–Leibler divergence",
      })
      .option(
        ...real("percentile", {
          default: 99.99,
          describe: "percent of the values that --method=percentile keeps apart",
        }),
      )
      .option("keep_float", {
        type: "string",
        describe: "layers that stay as they are, separated by commas",
      })
      .option(
        ...real("least_agreement", {
          default: 0.99,
          describe:
            "share of samples for which both nets have to choose the same: while it is less, the layer that loses most stays one of floats",
        }),
      )
      .option(
        ...whole("most_kept", { default: 8, least: 0, describe: "how many layers stay for that" }),
      )
      .option(...levelFlag)
      .option(...stageFlag)
      .example(
        "caffe quantize out --model=lenet_train_test.prototxt --weights=lenet_iter_10000.caffemodel",
        "from the first batches of the net's own test data",
      )
      .example(
        "caffe quantize int8/net --model=deploy.prototxt --weights=net.caffemodel --data photos/ --mean_value=104,117,123",
        "from pictures, prepared as caffe classify does",
      )
      .example(
        "caffe test --model=out.prototxt --weights=out.caffemodel",
        "what it makes is used like any other net",
      )
      .epilogue(
        "Weights stay 32-bit floats in OUT.caffemodel, which every Caffe reads; OUT.prototxt has quantization_param, as Intel's Caffe writes it. The native engine multiplies bytes where the processor has VNNI; elsewhere such a net is computed with floats, and a warning says so. It cannot be trained.",
      ) as never,
  handler: run,
};

async function run(flags: QuantizeFlags): Promise<void> {
  const { log } = new Console();
  const quiet = withoutInfo(log);
  if (!flags.model) throw new CaffeError("Need a model definition. Give --model=FILE.");
  if (!flags.weights) throw new CaffeError("Need model weights. Give --weights=FILE.");
  checkFlags(flags);
  checkOutputs(flags.out, [flags.model, ...listOf("weights", flags.weights)]);
  const param = readNetParameter(flags.model, quiet);
  const net = {
    engines: await enginesFor(flags, log),
    weights: listOf("weights", flags.weights),
    level: flags.level,
    stages: listOf("stage", flags.stage),
    log: quiet,
  };
  const batches = await calibrationBatches(flags, param, net);
  const quantized = await quantizeNet({
    param,
    net,
    batches,
    method: flags.method,
    percentile: flags.percentile,
    keepFloat: listOf("keep_float", flags.keep_float),
    leastAgreement: flags.least_agreement,
    mostKept: flags.most_kept,
    tell: (message) => log("info", "quantize", message),
  });
  const report = reportOf(quantized);
  const text = (content: string): Uint8Array[] => [new TextEncoder().encode(content)];
  writeFileAtomically(
    `${flags.out}.prototxt`,
    text(printPrototxt("NetParameter", quantized.param)),
  );
  quantized.save(`${flags.out}.caffemodel`);
  writeFileAtomically(`${flags.out}.json`, text(`${JSON.stringify(report, undefined, 2)}\n`));
  process.stdout.write(`${tableOf(report, process.stdout.isTTY)}\n`);
  log("info", "quantize", `Written: ${flags.out}.prototxt, .caffemodel and .json`);
}

/** @throws CaffeError where a number is out of its range */
function checkFlags({ percentile, least_agreement: agreement }: QuantizeFlags): void {
  if (!(percentile > 0 && percentile <= 100)) {
    throw new CaffeError(`--percentile is ${percentile}. Expected more than 0, and at most 100.`);
  }
  if (!(agreement >= 0 && agreement <= 1)) {
    throw new CaffeError(`--least_agreement is ${agreement}. Expected 0 to 1.`);
  }
}

/**
 * Makes sure, before batches are run, that what is to be written can be, and takes no place of what is read.
 * @throws CaffeError where that is not so
 */
function checkOutputs(out: string, inputs: readonly string[]): void {
  if (out === "") throw new CaffeError("OUT is empty. Expected what the files' names begin with.");
  checkWritable(out, "files");
  const placeOf = (file: string): string => outputTarget(file).path;
  const written = [".prototxt", ".caffemodel", ".json"].map((ending) => placeOf(out + ending));
  const replaced = inputs.find((file) => fileExists(file) && written.includes(placeOf(file)));
  if (replaced === undefined) return;
  throw new CaffeError(
    `OUT ${out} would replace "${replaced}", which the net is read from. Expected another name.`,
  );
}

function tableOf(
  { layers, agreement, samples, outputs }: QuantizeReport,
  isColoured: boolean,
): string {
  const inBytes = layers.filter(({ kept }) => kept === "int8").length;
  const told = layers.map(({ name, type, kept, reason, scaleOut, isNegativeInput, ...rest }) => [
    printable(name),
    type,
    kept === "int8"
      ? `${isNegativeInput ? "s8" : "u8"} → ${scaleOut === undefined ? "float" : "int8"}`
      : "float",
    reason ?? "",
    rest.decibels.toFixed(1),
    `${(100 * rest.relativeError).toFixed(2)} %`,
  ]);
  const table = ruledTable(
    {
      title: "Layers that multiply, and the error of their results",
      head: ["layer", "type", "kept as", "", "SQNR dB", "error"],
      rows: told,
      sums: [`${inBytes} of ${layers.length} in int8`, "", "", "", "", ""],
      texts: 4,
      styleOf: (row) => (layers[row]?.kept === "int8" ? "reset" : "yellow"),
    },
    isColoured,
  );
  const lines = outputs.map(
    ({ name, float, int8 }) =>
      `${printable(name)}: ${numberText(float)} with floats, ${numberText(int8)} in int8`,
  );
  const same =
    agreement === null
      ? "No blob holds scores of classes: there is nothing that both nets could choose alike."
      : `Both nets choose the same for ${(100 * agreement).toFixed(2)} % of ${samples} samples.`;
  return [table, ...lines, same].join("\n");
}
