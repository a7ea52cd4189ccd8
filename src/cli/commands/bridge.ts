import type { CommandModule } from "yargs";
import { serve } from "../../bindings/serve.ts";
import { shareStandardStreams } from "../../bridge/standard-streams.ts";
import { whole } from "../flags.ts";
import { Console } from "../session.ts";

interface BridgeFlags {
  readonly input: number;
  readonly output: number;
  readonly python: boolean;
}

/** `caffe bridge`: the engine of a program in another language; the packages of those languages start it. */
export const bridge: CommandModule<object, BridgeFlags> = {
  command: "bridge",
  describe: false,
  builder: (yargs) =>
    yargs
      .option(...whole("input", { least: 0, default: 0, describe: "descriptor of the questions" }))
      .option(...whole("output", { least: 0, default: 1, describe: "descriptor of the answers" }))
      .option("python", {
        type: "boolean",
        default: false,
        describe: "the program runs layers in Python itself",
      }) as never,
  handler: async ({ input, output, python }) => {
    shareStandardStreams();
    // What a user's layer prints is no answer.
    if (output === 1) process.stdout.write = process.stderr.write.bind(process.stderr);
    await serve({ input, output, hasPython: python, log: new Console().log });
    process.exit(0);
  },
};
