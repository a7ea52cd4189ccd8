import { availableParallelism, cpus, totalmem } from "node:os";
import type { CommandModule } from "yargs";
import { nativeVersion } from "../../engines/native/binding.ts";
import { Console } from "../session.ts";

/** `caffe device_query`: what there is to compute with. */
export const deviceQuery: CommandModule = {
  command: "device_query",
  describe: "show what there is to compute with",
  builder: (yargs) =>
    yargs.option("gpu", { type: "string", describe: "GPUs to ask for, by number, or all" }),
  handler: () => {
    const { log } = new Console();
    const say = (message: string): void => log("info", "caffe", message);
    say(`CPU: ${cpus()[0]?.model.trim() ?? "unknown"}, ${availableParallelism()} threads`);
    say(`Memory: ${(totalmem() / 2 ** 30).toFixed(1)} GiB`);
    say(`Engine native: ${nativeVersion()}`);
    say(`Engine reference: TypeScript on Node ${process.version}`);
  },
};
