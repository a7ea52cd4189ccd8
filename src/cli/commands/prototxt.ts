import type { CommandModule } from "yargs";
import { writeFileAtomically } from "../../io/files/atomic-file.ts";
import { printPrototxt } from "../../io/text/prototxt.ts";
import { readNetOfWeights } from "../../io/weights/net-of-weights.ts";
import type { Log } from "../../util/log.ts";
import { Console } from "../session.ts";

interface PrototxtFlags {
  readonly weights: string;
  readonly output: string | undefined;
}

/** `caffe prototxt`: the net that weights were saved from. */
export const prototxt: CommandModule<object, PrototxtFlags> = {
  command: "prototxt <weights> [output]",
  describe: "write the net that a .caffemodel was saved from",
  builder: (yargs) =>
    yargs
      .positional("weights", { type: "string", demandOption: true, describe: "the .caffemodel" })
      .positional("output", {
        type: "string",
        describe: "prototxt to write; standard output where none is given",
      })
      .example("caffe prototxt lenet.caffemodel lenet.prototxt", "a net whose prototxt is lost")
      .epilogue(
        "Layers, parameters and names are as they were saved; splits are taken out, and what binds a layer to a phase or a stage. Layers of another phase than that of the saved net are not in the file.",
      ) as never,
  handler: ({ weights, output }) => {
    const { log } = new Console();
    const quiet: Log = (severity, source, message) => {
      if (severity !== "info") log(severity, source, message);
    };
    const text = printPrototxt("NetParameter", readNetOfWeights(weights, quiet));
    if (output === undefined) process.stdout.write(text);
    else {
      writeFileAtomically(output, [new TextEncoder().encode(text)]);
      log("info", "prototxt", `Wrote ${output}`);
    }
  },
};
