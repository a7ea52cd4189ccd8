import { extname } from "node:path";
import type { CommandModule } from "yargs";
import { pngOf } from "../../draw/picture/png.ts";
import { writeFileAtomically } from "../../io/files/atomic-file.ts";
import { isDirectory } from "../../io/files/file-system.ts";
import { readLogCurves } from "../../monitor/log-curves.ts";
import { readLogText } from "../../monitor/read-log.ts";
import { chartSvg } from "../../plot/chart.ts";
import { chartKinds, chartPage, logChart, logNames, type NamedLog } from "../../plot/log-charts.ts";
import { curvesOfRecord } from "../../run-record/record-curves.ts";
import { recordsIn } from "../../run-record/record-folder.ts";
import { CaffeError } from "../../util/errors.ts";
import { whole, withLists } from "../flags.ts";
import { Console } from "../session.ts";

interface PlotFlags {
  readonly output: string;
  readonly logs: readonly string[];
  readonly chart: number | undefined;
}

/** `caffe plot_log`: charts of training logs. */
export const plotLog: CommandModule<object, PlotFlags> = {
  command: "plot_log <output> <logs..>",
  describe: "draw loss, accuracy and learning rate from training logs",
  builder: (yargs) =>
    withLists(yargs, "logs")
      .positional("output", {
        type: "string",
        demandOption: true,
        describe: "file to write: .svg or .png for one chart, .html for one or all",
      })
      .positional("logs", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "logs of caffe train or folders that it left in runs/, each a line of its own",
      })
      .option(
        ...whole("chart", {
          most: chartKinds.length - 1,
          describe: `kind of chart; for .svg and .png 6 by default, for .html all:\n${chartKinds.map((kind, i) => `${i} ${kind}`).join("\n")}`,
        }),
      )
      .example("caffe plot_log loss.svg train.log", "train loss over iterations")
      .example("caffe plot_log accuracy.png a.log b.log --chart=0", "two runs side by side")
      .example("caffe plot_log compared.html runs", "all trainings whose records lie there")
      .example("caffe plot_log both.svg train.log --chart=8", "train and test loss on one chart")
      .example("caffe plot_log run.html train.log", "all that the log tells, on one page") as never,
  handler: run,
};

async function run({ output, logs: given, chart }: PlotFlags): Promise<void> {
  const logs = given.flatMap((path) => (isDirectory(path) ? recordsOf(path) : [path]));
  const names = logNames(logs);
  const named = logs.map((path, i): NamedLog => {
    const curves = isDirectory(path) ? curvesOfRecord(path) : readLogCurves(readLogText(path));
    return { name: names[i] ?? path, curves };
  });
  const ending = extname(output).toLowerCase();
  const isPage = ending === ".html";
  const kinds = chart === undefined ? (isPage ? [...chartKinds.keys()] : [6]) : [chart];
  const charts = kinds
    .map((kind) => logChart(named, kind))
    .filter(({ series }) => series.length > 0);
  const [first] = charts;
  if (!first) {
    throw new CaffeError(
      `${logs.join(", ")}: no line tells of ${kinds.map((kind) => chartKinds[kind]).join(", ")}. Expected the log of caffe train.`,
    );
  }
  const text = isPage
    ? chartPage(named.map(({ name }) => name).join(", "), charts)
    : chartSvg(first);
  if (ending === ".png") writeFileAtomically(output, [await pngOf(text)]);
  else if (isPage || ending === ".svg") {
    writeFileAtomically(output, [new TextEncoder().encode(text)]);
  } else throw new CaffeError(`"${output}" cannot be plotted. Expected .svg, .png or .html.`);
  new Console().log("info", "plot_log", `Plotting to ${output}`);
}

/** @throws CaffeError where there are none */
function recordsOf(folder: string): string[] {
  const records = recordsIn(folder);
  if (records.length > 0) return records;
  throw new CaffeError(
    `${folder} holds no record of a training. Expected a log, or a folder that caffe train left, such as runs/lenet.`,
  );
}
