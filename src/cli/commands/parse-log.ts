import { basename, join } from "node:path";
import type { CommandModule } from "yargs";
import { writeFileAtomically } from "../../io/files/atomic-file.ts";
import { parseLog, tableText } from "../../monitor/parse-log.ts";
import { readLogText } from "../../monitor/read-log.ts";
import { isRecord } from "../../run-record/record-folder.ts";
import { runFiles } from "../../run-record/run-files.ts";
import { CaffeError } from "../../util/errors.ts";
import { Console } from "../session.ts";

interface ParseLogFlags {
  readonly log: string;
  readonly folder: string;
  readonly delimiter: string;
}

/** `caffe parse_log`: tables of losses and scores from a log of training. */
export const parseLogCommand: CommandModule<object, ParseLogFlags> = {
  command: "parse_log <log> [folder]",
  describe: "make tables (CSV) of losses and scores from a log of training",
  builder: (yargs) =>
    yargs
      .positional("log", {
        type: "string",
        demandOption: true,
        describe:
          "what caffe train wrote to standard error, a log file, or the folder that it left in runs/",
      })
      .positional("folder", {
        type: "string",
        default: ".",
        describe: "where <log>.train and <log>.test go",
      })
      .option("delimiter", {
        type: "string",
        default: ",",
        describe: "what stands between columns",
      })
      .example(
        "caffe train --solver=s.prototxt 2> run.log; caffe parse_log run.log",
        "run.log.train, run.log.test",
      )
      .example("caffe parse_log run.log plots --delimiter=';'", "for a spreadsheet"),
  handler: ({ log: given, folder, delimiter }) => {
    const path = isRecord(given) ? runFiles(given).log : given;
    const { train, test } = parseLog(readLogText(path));
    if (train.length === 0 && test.length === 0) {
      throw new CaffeError(
        `${path}: there is no line "Iteration …" with outputs after it. Expected a log of caffe train.`,
      );
    }
    const { log } = new Console();
    for (const [ending, rows] of Object.entries({ train, test })) {
      const file = join(folder, `${basename(path)}.${ending}`);
      writeFileAtomically(file, [new TextEncoder().encode(tableText(rows, delimiter))]);
      log("info", "parse_log", `Wrote ${file}: ${rows.length} rows.`);
    }
  },
};
