import type { CommandModule } from "yargs";
import { readLabels } from "../../inference/choice.ts";
import { writeFilesAtomically } from "../../io/files/atomic-file.ts";
import { keepSource } from "../../io/proto/source.ts";
import { readNetParameter } from "../../io/text/read-net.ts";
import { filterByState } from "../../net/build/state.ts";
import { Net } from "../../net/net.ts";
import { withInputs } from "../../net/tools/placeholders.ts";
import { compareWithOnnxRuntime } from "../../onnx/check.ts";
import type { Preparation } from "../../onnx/export/preparation.ts";
import { toOnnx } from "../../onnx/export/to-onnx.ts";
import type { OnnxModel } from "../../onnx/graph/model.ts";
import { CaffeError } from "../../util/errors.ts";
import { type Log, silent } from "../../util/log.ts";
import { levelFlag, listOf, stageFlag, whole, withLists } from "../flags.ts";
import { type ImageFlags, preparationOf, withImageFlags } from "../preparation.ts";
import { checkRunsNothing } from "../run-layers.ts";
import { Console, enginesFor } from "../session.ts";
import { shapesOf } from "./summarize.ts";

interface ExportFlags extends ImageFlags {
  readonly output: string;
  readonly preprocess: boolean;
  readonly level: number;
  readonly stage: string | undefined;
  readonly shape: readonly string[];
  readonly opset: number;
  readonly batch: number | undefined;
  readonly fold: boolean;
  readonly labels: string | undefined;
  readonly check: boolean;
}

/** What of an output's size two ways of computing it may be apart. */
const NEAR = 1e-3;

/** `caffe export_onnx`: a net as a file of ONNX. */
export const exportOnnx: CommandModule<object, ExportFlags> = {
  command: "export_onnx <output>",
  describe: "write a net as a file of ONNX, for other programs",
  builder: (yargs) =>
    withLists(withImageFlags(yargs), "shape")
      .positional("output", { type: "string", demandOption: true, describe: "file to write" })
      .option(...levelFlag)
      .option(...stageFlag)
      .option("shape", {
        type: "string",
        array: true,
        default: [],
        describe: "shape of an input, as data=1,3,224,224; data need not be there",
      })
      .option(
        ...whole("opset", {
          default: 17,
          least: 11,
          most: 21,
          describe: "version of ONNX's operators, 11 to 21",
        }),
      )
      .option(
        ...whole("batch", { least: 1, describe: "samples of a batch; any number by default" }),
      )
      .option("fold", {
        type: "boolean",
        default: true,
        describe:
          "make BatchNorm, Scale and Bias part of the weights before them; --no-fold keeps them",
      })
      .option("preprocess", {
        type: "boolean",
        default: false,
        describe:
          "take pixels, red first, of 0 to 255: nodes swap channels, subtract the mean and scale, as the flags about images say",
      })
      .option("labels", {
        type: "string",
        describe: "names of classes, one a line, to keep in the file",
      })
      .option("check", {
        type: "boolean",
        default: false,
        describe: "run the file in ONNX Runtime beside the net, and tell how far apart they are",
      })
      .example(
        "caffe export_onnx --model=deploy.prototxt --weights=net.caffemodel net.onnx --check",
        "a trained net, looked at",
      )
      .example(
        "caffe export_onnx net.onnx --model=train_val.prototxt --weights=net.caffemodel --shape data=1,3,227,227",
        "the same from the net that was trained, whose data is not there",
      ) as never,
  handler: run,
};

async function run(flags: ExportFlags): Promise<void> {
  const { log } = new Console();
  const quiet: Log = (severity, source, message) => {
    if (severity !== "info") log(severity, source, message);
  };
  const say = (message: string): void => log("info", "export_onnx", message);
  const preparation = preparationFor(flags, quiet);
  using net = await openNet(flags, quiet);
  if (flags.weights === undefined) {
    log("warning", "export_onnx", "No --weights are given: the file holds what fillers made.");
  }
  const model = await toOnnx(net, {
    opset: flags.opset,
    fold: flags.fold,
    source: flags.model ?? "",
    ...(preparation && { preparation }),
    ...(flags.batch !== undefined && { batch: flags.batch }),
    ...(flags.labels !== undefined && { labels: readLabels(flags.labels) }),
  });
  writeFilesAtomically(model.files(flags.output));
  for (const line of linesOf(model)) say(line);
  say(`Wrote ${flags.output}`);
  if (flags.check) await check(flags, net, preparation, say);
}

/** What `--preprocess` puts in front of the net. */
function preparationFor(flags: ExportFlags, log: Log): Preparation | undefined {
  if (!flags.preprocess) {
    for (const name of ["mean", "mean_value", "input_scale", "channel_swap"] as const) {
      if (flags[name] === undefined) continue;
      throw new CaffeError(`--${name} is given without --preprocess. Expected both, or neither.`);
    }
    return undefined;
  }
  if (!flags.model) throw new CaffeError("Need a model definition. Give --model=FILE.");
  const { rawScale, channelSwap, mean, inputScale } = preparationOf(
    flags,
    readNetParameter(flags.model, log),
  );
  return {
    rawScale,
    scale: inputScale,
    ...(Array.isArray(mean) && { mean: mean.map(Number) }),
    ...(channelSwap && { channelSwap }),
  };
}

/** The net of TEST, its data layers replaced. */
async function openNet(flags: ExportFlags, log: Log): Promise<Net> {
  if (!flags.model) throw new CaffeError("Need a model definition. Give --model=FILE.");
  const param = readNetParameter(flags.model, log);
  const state = {
    phase: "TEST",
    level: flags.level,
    stages: listOf("stage", flags.stage),
  } as const;
  checkRunsNothing(filterByState(param, state, silent));
  const weights = listOf("weights", flags.weights);
  return new Net(keepSource(param, withInputs(param, shapesOf(flags.shape))), {
    ...state,
    engines: await enginesFor(flags, log),
    log,
    ...(weights.length > 0 && { weights }),
  });
}

/** What goes in and comes out, as `data: batch×3×227×227`. */
function linesOf(model: OnnxModel): string[] {
  const text = ({ name, axes }: OnnxModel["inputs"][number]): string =>
    `${name}: ${axes.map((axis) => (typeof axis === "number" ? axis : axis.symbol)).join("×") || "scalar"}`;
  return [
    ...model.inputs.map((input) => `Input ${text(input)}`),
    ...model.outputs.map((output) => `Output ${text(output)}`),
  ];
}

async function check(
  { output: path }: ExportFlags,
  net: Net,
  preparation: Preparation | undefined,
  say: (message: string) => void,
): Promise<void> {
  const differences = await compareWithOnnxRuntime(path, net, preparation);
  for (const { output, shape, greatest, size } of differences) {
    say(
      `${output} (${shape.join("×")}): the greatest difference is ${greatest.toPrecision(2)}, of values up to ${size.toPrecision(3)}`,
    );
  }
  const far = differences.find(({ greatest, size }) => greatest > NEAR * size);
  if (!far) return;
  throw new CaffeError(
    `output "${far.output}" of "${path}" is ${far.greatest} off in ONNX Runtime, of values up to ${far.size}. Expected at most ${NEAR} of them.`,
  );
}
