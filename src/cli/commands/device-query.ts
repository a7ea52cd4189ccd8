import { availableParallelism, cpus, totalmem } from "node:os";
import type { CommandModule } from "yargs";
import { createEngines } from "../../engines/create.ts";
import { nativeVersion } from "../../engines/native/binding.ts";
import { type CommonFlags, Console, checkCommonFlags, withCommonFlags } from "../session.ts";

/** `caffe device_query`: what there is to compute with. */
export const deviceQuery: CommandModule<object, CommonFlags> = {
  command: "device_query",
  describe: "show what there is to compute with",
  builder: (yargs) =>
    withCommonFlags(yargs).example(
      "caffe device_query --engine native",
      "fail where there is no native engine",
    ),
  handler: (flags) => {
    checkCommonFlags(flags);
    const { log } = new Console();
    const say = (message: string): void => log("info", "caffe", message);
    if (flags.engine !== undefined) createEngines({ prefer: flags.engine, log });
    say(`CPU: ${cpus()[0]?.model.trim() ?? "unknown"}, ${availableParallelism()} threads`);
    say(`Memory: ${(totalmem() / 2 ** 30).toFixed(1)} GiB`);
    say(`Engine native: ${nativeVersion()}`);
    say(`Engine reference: TypeScript on Node ${process.version}`);
  },
};
