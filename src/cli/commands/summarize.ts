import type { CommandModule } from "yargs";
import { keepSource } from "../../io/proto/source.ts";
import { anyNetOf } from "../../io/weights/net-of-weights.ts";
import type { LayerRole } from "../../layers/base/layer.ts";
import { LayerRegistry } from "../../layers/registry.ts";
import { filterByState } from "../../net/build/state.ts";
import { Net } from "../../net/net.ts";
import { withPlaceholders } from "../../net/tools/placeholders.ts";
import { type LayerSummary, summarize as summaryOf } from "../../net/tools/summary.ts";
import { silent } from "../../util/log.ts";
import { cut, printable } from "../../util/printable.ts";
import { levelFlag, listOf, stageFlag, withLists } from "../flags.ts";
import { isOnnxName, summarizeOnnx } from "../onnx-summary.ts";
import { countText, ruledTable } from "../ruled-table.ts";
import { checkRunsNothing, runLayersFlag } from "../run-layers.ts";
import { Console, withoutInfo } from "../session.ts";
import { shapeFlag, shapesOf } from "../shape-flag.ts";

interface SummarizeFlags {
  readonly model: string;
  readonly phase: "TRAIN" | "TEST";
  readonly level: number;
  readonly stage: string | undefined;
  readonly shape: readonly string[];
  readonly "run-layers": boolean;
  readonly json: boolean;
}

/** `caffe summarize`: a table of a net's layers, shapes, parameters, multiplications and memory. */
export const summarize: CommandModule<object, SummarizeFlags> = {
  command: "summarize <model>",
  describe: "show a net's layers, shapes, parameters, multiplications and memory",
  builder: (yargs) =>
    withLists(yargs, "shape")
      .positional("model", {
        type: "string",
        demandOption: true,
        describe: "the net: its prototxt, a .caffemodel, or a file of ONNX",
      })
      .option("phase", {
        type: "string",
        choices: ["TRAIN", "TEST"],
        default: "TEST",
        describe: "the net's phase",
      })
      .option(...levelFlag)
      .option(...stageFlag)
      .option(...shapeFlag)
      .option(...runLayersFlag)
      .option("json", { type: "boolean", default: false, describe: "print JSON" })
      .example("caffe summarize models/lenet/lenet.prototxt", "what LeNet is made of")
      .example(
        "caffe summarize models/lenet/lenet_train_test.prototxt --phase=TRAIN --shape data=64,1,28,28",
        "a net whose database is not there",
      ) as never,
  handler: run,
};

function run(flags: SummarizeFlags): void {
  if (isOnnxName(flags.model)) {
    summarizeOnnx(flags);
    return;
  }
  const { log } = new Console();
  const quiet = withoutInfo(log);
  const param = anyNetOf(flags.model, quiet);
  const state = { phase: flags.phase, level: flags.level, stages: listOf("stage", flags.stage) };
  if (!flags["run-layers"]) checkRunsNothing(filterByState(param, state, silent));
  const placeholders = keepSource(param, withPlaceholders(param, shapesOf(flags.shape)));
  using net = new Net(placeholders, { ...state, log: quiet });
  const layers = summaryOf(net).filter(({ type }) => type !== "Split");
  const text = flags.json
    ? JSON.stringify({ name: net.name, phase: net.phase, layers }, undefined, 2)
    : tableOf(net.name, layers, process.stdout.isTTY === true);
  process.stdout.write(`${text}\n`);
}

const HEADER = ["layer", "type", "output", "parameters", "MACs", "memory"] as const;

/** The table as text; layers that learn, layers that are frozen and the rest in colours. */
function tableOf(name: string, layers: readonly LayerSummary[], isColoured: boolean): string {
  const rows = layers.map((layer) => [
    printable(layer.name),
    printable(layer.type),
    layer.topShapes.map((shape) => shape.join("×") || "scalar").join(", "),
    countText(layer.parameters),
    countText(layer.macs),
    bytesText(layer.bytes),
  ]);
  const total = (pick: (layer: LayerSummary) => number): number =>
    layers.reduce((sum, layer) => sum + pick(layer), 0);
  const footer = [
    `${layers.length} layers`,
    "",
    "",
    total(({ parameters }) => parameters).toLocaleString("en"),
    countText(total(({ macs }) => macs)),
    bytesText(total(({ bytes }) => bytes)),
  ];
  return ruledTable(
    {
      title: name === "" ? "(a net without a name)" : cut(printable(name)),
      head: HEADER,
      rows,
      sums: footer,
      texts: 3,
      styleOf: (i) => colourOf(layers[i] as LayerSummary),
    },
    isColoured,
  );
}

/** Where a net begins and ends. */
const ENDS: readonly LayerRole[] = ["source", "input", "constant", "result"];

function colourOf({
  parameters,
  lrMults,
  type,
}: LayerSummary): "green" | "blue" | "yellow" | "reset" {
  if (parameters > 0) return lrMults.some((mult) => mult !== 0) ? "green" : "blue";
  return ENDS.includes(new LayerRegistry().roleOf(type)) ? "yellow" : "reset";
}

function bytesText(bytes: number): string {
  if (bytes === 0) return "–";
  const step = bytes < 2 ** 20 ? 1 : bytes < 2 ** 30 ? 2 : 3;
  return `${(bytes / 1024 ** step).toFixed(1)} ${["", "KiB", "MiB", "GiB"][step]}`;
}
