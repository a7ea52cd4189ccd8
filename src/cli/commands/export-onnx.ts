import type { CommandModule } from "yargs";
import { readLabels } from "../../inference/choice.ts";
import { writeFilesAtomically } from "../../io/files/atomic-file.ts";
import { keepSource } from "../../io/proto/source.ts";
import { readNetParameter } from "../../io/text/read-net.ts";
import { filterByState } from "../../net/build/state.ts";
import { Net } from "../../net/net.ts";
import { withInputs } from "../../net/tools/placeholders.ts";
import { RuntimeCheck } from "../../onnx/check/compare.ts";
import { type Trial, Trials } from "../../onnx/check/trials.ts";
import type { Preparation } from "../../onnx/export/preparation.ts";
import { toOnnx } from "../../onnx/export/to-onnx.ts";
import type { OnnxModel } from "../../onnx/graph/model.ts";
import { CaffeError } from "../../util/errors.ts";
import { type Log, silent } from "../../util/log.ts";
import { pixelsOf, readInputs } from "../check-inputs.ts";
import { preparationOf } from "../deploy-net.ts";
import { levelFlag, listOf, stageFlag, whole, withLists } from "../flags.ts";
import { picturesNamed } from "../picture-files.ts";
import { type ImageFlags, withImageFlags } from "../preparation.ts";
import { checkRunsNothing } from "../run-layers.ts";
import { Console, enginesFor, withoutInfo } from "../session.ts";
import { shapeFlag, shapesOf } from "../shape-flag.ts";

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
  readonly images: readonly string[];
  readonly image_dims: string | undefined;
  readonly inputs: string | undefined;
}

/** What of an output's size two ways of computing it may be apart. */
const NEAR = 1e-3;

/** `caffe export_onnx`: a net as a file of ONNX. */
export const exportOnnx: CommandModule<object, ExportFlags> = {
  command: "export_onnx <output>",
  describe: "write a net as a file of ONNX, for other programs",
  builder: (yargs) =>
    withLists(withImageFlags(yargs), "shape", "images")
      .positional("output", { type: "string", demandOption: true, describe: "file to write" })
      .option(...levelFlag)
      .option(...stageFlag)
      .option(...shapeFlag)
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
      .option("images", {
        type: "string",
        array: true,
        default: [],
        describe:
          "with --check: images to look at too, prepared as caffe classify does; folders of them, patterns, or lists (.txt)",
      })
      .option("image_dims", {
        type: "string",
        describe: "height,width that they are resized to before cropping to the input",
      })
      .option("inputs", {
        type: "string",
        describe:
          "with --check: inputs to look at too, as the file takes them: .npy of the only one, or HDF5 with a dataset for each",
      })
      .example(
        "caffe export_onnx --model=deploy.prototxt --weights=net.caffemodel net.onnx --check",
        "a trained net, looked at",
      )
      .example(
        "caffe export_onnx --model=deploy.prototxt --weights=net.caffemodel net.onnx --preprocess --mean=mean.binaryproto --check --images photos/",
        "a file that takes pixels, looked at with photos",
      )
      .example(
        "caffe export_onnx net.onnx --model=train_val.prototxt --weights=net.caffemodel --shape data=1,3,227,227",
        "the same from the net that was trained, whose data is not there",
      ) as never,
  handler: run,
};

async function run(flags: ExportFlags): Promise<void> {
  const { log } = new Console();
  const quiet = withoutInfo(log);
  const say = (message: string): void => log("info", "export_onnx", message);
  checkFlags(flags);
  const isPrepared = flags.preprocess || flags.images.length > 0;
  const preparation = isPrepared ? preparationFor(flags, quiet) : undefined;
  using net = await openNet(flags, quiet);
  if (flags.weights === undefined) {
    log("warning", "export_onnx", "No --weights are given: the file holds what fillers made.");
  }
  const model = await toOnnx(net, {
    opset: flags.opset,
    fold: flags.fold,
    source: flags.model ?? "",
    ...(flags.preprocess && preparation && { preparation }),
    ...(flags.batch !== undefined && { batch: flags.batch }),
    ...(flags.labels !== undefined && { labels: readLabels(flags.labels) }),
  });
  writeFilesAtomically(model.files(flags.output));
  for (const line of linesOf(model)) say(line);
  say(`Wrote ${flags.output}`);
  if (!flags.check) return;
  const trials = new Trials(net, model.inputs, flags.preprocess ? preparation : undefined);
  const names = model.inputs.map(({ name }) => name);
  await check(flags.output, net, model, trialsOf(flags, trials, net, names, preparation), say);
}

/** Flags that would have no effect. */
function checkFlags(flags: ExportFlags): void {
  if (!flags.model) throw new CaffeError("Need a model definition. Give --model=FILE.");
  const expectWith = (name: keyof ExportFlags, other: string): never => {
    throw new CaffeError(`--${name} is given without ${other}. Expected both, or neither.`);
  };
  for (const name of ["mean", "mean_value", "input_scale", "channel_swap"] as const) {
    const isUsed = flags.preprocess || flags.images.length > 0;
    if (flags[name] !== undefined && !isUsed) expectWith(name, "--preprocess or --images");
  }
  if (flags.images.length > 0 && !flags.check) expectWith("images", "--check");
  if (flags.inputs !== undefined && !flags.check) expectWith("inputs", "--check");
  if (flags.image_dims !== undefined && flags.images.length === 0) {
    expectWith("image_dims", "--images");
  }
}

/** What is done to pictures before the net sees them. */
function preparationFor(flags: ExportFlags, log: Log): Preparation {
  const { rawScale, channelSwap, mean, inputScale } = preparationOf(
    flags,
    readNetParameter(flags.model ?? "", log),
  );
  return {
    rawScale,
    scale: inputScale,
    ...(Array.isArray(mean) && { mean: mean.map(Number) }),
    ...(channelSwap && { channelSwap }),
  };
}

/** What the file and the net are run on: random numbers, a file of inputs, and pictures, one after the other. */
async function* trialsOf(
  flags: ExportFlags,
  trials: Trials,
  net: Net,
  names: readonly string[],
  preparation: Preparation = {},
): AsyncGenerator<Trial> {
  yield trials.random();
  if (flags.inputs !== undefined) {
    yield trials.ofArrays(flags.inputs, readInputs(flags.inputs, names));
  }
  for (const file of flags.images.length > 0 ? picturesNamed(flags.images) : []) {
    const pixels = await pixelsOf(file, names[0] ?? "", net, flags.image_dims);
    yield trials.ofPixels(file, pixels, preparation);
  }
}

/** The net of TEST, its data layers replaced. */
async function openNet(flags: ExportFlags, log: Log): Promise<Net> {
  const param = readNetParameter(flags.model ?? "", log);
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

/** Tells how far each output is apart in the trials, all of them before an error says which is too far. */
async function check(
  path: string,
  net: Net,
  { outputs }: OnnxModel,
  trials: AsyncIterable<Trial>,
  say: (message: string) => void,
): Promise<void> {
  const runtime = await RuntimeCheck.open(path, net, outputs);
  const far: string[] = [];
  try {
    for await (const trial of trials) {
      for (const { output, shape, greatest, size } of await runtime.run(trial)) {
        say(
          `${output} (${shape.join("×")}), ${trial.what}: the greatest difference is ${greatest.toPrecision(2)}, of values up to ${size.toPrecision(3)}`,
        );
        if (greatest <= NEAR * size) continue;
        far.push(`output "${output}" is ${greatest} off, of values up to ${size} (${trial.what})`);
      }
    }
  } finally {
    await runtime.close();
  }
  if (far.length === 0) return;
  throw new CaffeError(
    `In ONNX Runtime "${path}" gives other values: ${far.join("; ")}. Expected at most ${NEAR} of them.`,
  );
}
