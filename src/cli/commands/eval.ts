import { join } from "node:path";
import type { CommandModule } from "yargs";
import { runTest, type TestFlags, withTestFlags } from "./test.ts";

/** `caffe eval`: the report of a run. */
export const evalCommand: CommandModule<object, TestFlags> = {
  command: "eval <run>",
  describe: "make the report of a run: every record of its test data once, with its last weights",
  builder: (yargs) =>
    withTestFlags(yargs)
      .positional("run", {
        type: "string",
        demandOption: true,
        describe: "a folder that caffe new has made and caffe train has left weights in",
      })
      .hide("confusion")
      .example("caffe eval flowers", "flowers/report/index.html, of the pictures kept apart")
      .example(
        "caffe eval flowers --stage=test --report=final",
        "of the pictures in the folder test, where there was one",
      ) as never,
  handler: (flags) =>
    runTest({ ...flags, report: flags.report ?? join(flags.run ?? "", "report") }),
};
