import type { CommandModule } from "yargs";
import { openDashboard } from "../../dashboard/server.ts";
import { fileExists } from "../../io/files/file-system.ts";
import { recordsIn } from "../../run-record/record-folder.ts";
import { CaffeError } from "../../util/errors.ts";
import { whole, withLists } from "../flags.ts";
import { Console } from "../session.ts";
import { onFirstOf } from "../signals.ts";

interface DashboardFlags {
  readonly runs: readonly string[] | undefined;
  readonly port: number | undefined;
  readonly host: string;
}

/** Where records lie where nobody says it. */
const RUNS = "runs";

/** `caffe dashboard`: a page of runs that have ended, or that other processes train. */
export const dashboardCommand: CommandModule<object, DashboardFlags> = {
  command: "dashboard [runs..]",
  describe: "show runs in a browser: curves, tests, nets, logs",
  builder: (yargs) =>
    withLists(yargs, "runs")
      .positional("runs", {
        type: "string",
        array: true,
        describe:
          "records of trainings (runs/NAME), folders of caffe new, or folders that hold some; runs by default",
      })
      .option(
        ...whole("port", {
          most: 65_535,
          describe: "port; 8123, or the next that is free, by default; 0 for any that is free",
        }),
      )
      .option("host", {
        type: "string",
        default: "127.0.0.1",
        describe:
          "address to listen on; 0.0.0.0 for every network, where whoever has the page's address may look",
      })
      .example("caffe dashboard", "the runs in runs/, those that still train too")
      .example("caffe dashboard runs/lenet runs/lenet-2", "two runs, to be compared")
      .example(
        "caffe train --solver=solver.prototxt --dashboard",
        "a run while it trains, with all that only it knows",
      ) as never,
  handler: run,
};

async function run({ runs: given = [], port, host }: DashboardFlags): Promise<void> {
  const { log } = new Console();
  const folders = given.length > 0 ? given : [RUNS];
  for (const folder of folders) {
    if (!fileExists(folder)) {
      const hint = given.length > 0 ? "" : " caffe train leaves the records of its runs there.";
      throw new CaffeError(`"${folder}" is not there. Expected a folder of records.${hint}`);
    }
    if (recordsIn(folder).length === 0) {
      log("warning", "dashboard", `"${folder}" holds no record of a run (events.jsonl) yet.`);
    }
  }
  const dashboard = await openDashboard(folders, { host, port, flag: "--port" }, log);
  log("info", "dashboard", `The runs are on ${dashboard.url}`);
  await new Promise<void>((resolve) => {
    onFirstOf(["SIGINT", "SIGTERM"], () => resolve());
  });
  await dashboard.close();
}
