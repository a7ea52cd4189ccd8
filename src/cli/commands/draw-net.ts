import type { CommandModule } from "yargs";
import { drawNetToFile } from "../../draw/draw.ts";
import type { DrawOptions } from "../../draw/draw-options.ts";
import { keepSource } from "../../io/proto/source.ts";
import { anyNetOf } from "../../io/weights/net-of-weights.ts";
import { filterByState } from "../../net/build/state.ts";
import { Net } from "../../net/net.ts";
import { withPlaceholders } from "../../net/tools/placeholders.ts";
import { type Log, silent } from "../../util/log.ts";
import type { Shape } from "../../util/shape.ts";
import { levelFlag, listOf, stageFlag, whole, withLists } from "../flags.ts";
import { drawOnnx, isOnnxName } from "../onnx-summary.ts";
import { checkRunsNothing, runLayersFlag } from "../run-layers.ts";
import { Console, withoutInfo } from "../session.ts";
import { shapeFlag, shapesOf } from "../shape-flag.ts";

interface DrawFlags {
  readonly model: string;
  readonly output: string;
  readonly rankdir: "LR" | "TB" | "RL" | "BT";
  readonly phase: "TRAIN" | "TEST" | "ALL";
  readonly level: number;
  readonly stage: string | undefined;
  readonly shapes: boolean;
  readonly shape: readonly string[];
  readonly fold: boolean;
  readonly wrap: number;
  readonly "run-layers": boolean;
  readonly display_lrm: boolean;
}

/** `caffe draw_net`: a picture of a net. */
export const drawNet: CommandModule<object, DrawFlags> = {
  command: "draw_net <model> <output>",
  describe: "draw a net as SVG, PNG, PDF or DOT",
  builder: (yargs) =>
    withLists(yargs, "shape")
      .positional("model", {
        type: "string",
        demandOption: true,
        describe: "the net: its prototxt, a .caffemodel, or a file of ONNX",
      })
      .positional("output", {
        type: "string",
        demandOption: true,
        describe: "picture to write: .svg, .png, .pdf or .dot",
      })
      .option("rankdir", {
        type: "string",
        choices: ["LR", "TB", "RL", "BT"],
        default: "LR",
        describe: "which way data flows",
      })
      .option("phase", {
        type: "string",
        choices: ["TRAIN", "TEST", "ALL"],
        default: "TEST",
        describe: "the net's phase; ALL draws every layer",
      })
      .option(...levelFlag)
      .option(...stageFlag)
      .option("shapes", {
        type: "boolean",
        default: false,
        describe: "write the shapes of blobs",
      })
      .option(...shapeFlag)
      .option("fold", {
        type: "boolean",
        default: true,
        describe:
          "draw a block that is there several times, one after the other, once; not in .dot",
      })
      .option(
        ...whole("wrap", {
          default: 1700,
          describe:
            "points of 1/72 inch after which a chain goes on in a new row, 0 for never; not in .dot",
        }),
      )
      .option(...runLayersFlag)
      .option("display_lrm", {
        type: "boolean",
        default: false,
        describe: "show learning-rate multipliers",
      })
      .example(
        "caffe draw_net models/lenet/lenet.prototxt lenet.svg --shapes",
        "LeNet, with shapes",
      )
      .example(
        "caffe draw_net train_val.prototxt net.png --rankdir=TB --phase=TRAIN --display_lrm",
        "what is trained, from top to bottom",
      )
      .example(
        "caffe draw_net models/resnet101/deploy.prototxt resnet101.pdf --no-fold",
        "every layer, to print",
      ) as never,
  handler: run,
};

async function run(flags: DrawFlags): Promise<void> {
  const { log } = new Console();
  const options: DrawOptions = {
    rankdir: flags.rankdir,
    displayLrMult: flags.display_lrm,
    fold: flags.fold,
    wrap: flags.wrap,
  };
  if (isOnnxName(flags.model)) await drawOnnx(flags, options);
  else await drawParameter(flags, options, withoutInfo(log));
  log("info", "draw_net", `Drawing net to ${flags.output}`);
}

async function drawParameter(flags: DrawFlags, options: DrawOptions, quiet: Log): Promise<void> {
  const param = anyNetOf(flags.model, quiet);
  const { phase, level } = flags;
  const stages = listOf("stage", flags.stage);
  const shown = phase === "ALL" ? param : filterByState(param, { phase, level, stages }, quiet);
  const wantsShapes = flags.shapes || flags.shape.length > 0;
  const shapes = new Map<string, Shape>();
  if (wantsShapes) {
    const state = { phase: phase === "ALL" ? "TEST" : phase, level, stages } as const;
    if (!flags["run-layers"]) checkRunsNothing(filterByState(param, state, silent));
    using net = new Net(keepSource(param, withPlaceholders(param, shapesOf(flags.shape))), {
      phase: phase === "ALL" ? "TEST" : phase,
      level,
      stages,
      log: quiet,
    });
    for (const [name, blob] of net.blobs) shapes.set(name, blob.shape);
  }
  await drawNetToFile(shown, flags.output, { ...options, ...(wantsShapes && { shapes }) });
}
