import type { CommandModule } from "yargs";
import { writeFileAtomically } from "../../io/files/atomic-file.ts";
import { printPrototxt } from "../../io/text/prototxt.ts";
import { readNetParameter, readSolverParameter } from "../../io/text/read-net.ts";
import { encodeNetBinary, readNetBinary } from "../../io/weights/net-binary.ts";
import { CaffeError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { ExitError, exitCodes } from "../exit-codes.ts";
import { Console } from "../session.ts";

interface UpgradeFlags {
  readonly input: string;
  readonly output: string;
}

/** What one upgrade tool does. */
interface Upgrade {
  readonly name: string;
  readonly describe: string;
  /** What it writes, in Caffe's words. */
  readonly kind: string;
  readonly example: readonly [string, string];
  /** The file, brought to the present form. */
  readonly upgrade: (input: string, log: Log) => Uint8Array[];
}

const text = (content: string): Uint8Array[] => [new TextEncoder().encode(content)];

const upgrades: readonly Upgrade[] = [
  {
    name: "upgrade_net_proto_text",
    describe: "bring a net's prototxt of any age to the present form",
    kind: "NetParameter text proto",
    example: ["caffe upgrade_net_proto_text old.prototxt new.prototxt", "a V0 or V1 net"],
    upgrade: (input, log) => text(printPrototxt("NetParameter", readNetParameter(input, log))),
  },
  {
    name: "upgrade_net_proto_binary",
    describe: "bring a .caffemodel of any age to the present form",
    kind: "NetParameter binary proto",
    example: ["caffe upgrade_net_proto_binary old.caffemodel new.caffemodel", "weights of 2013"],
    upgrade: (input, log) => [encodeNetBinary(readNetBinary(input, log))],
  },
  {
    name: "upgrade_solver_proto_text",
    describe: "bring a solver's prototxt of any age to the present form",
    kind: "SolverParameter text proto",
    example: [
      "caffe upgrade_solver_proto_text old.prototxt new.prototxt",
      "solver_type becomes type",
    ],
    upgrade: (input, log) =>
      text(printPrototxt("SolverParameter", readSolverParameter(input, log))),
  },
];

/** `caffe upgrade_net_proto_text`, `upgrade_net_proto_binary` and `upgrade_solver_proto_text`. */
export const upgradeCommands: readonly CommandModule<object, UpgradeFlags>[] = upgrades.map(
  ({ name, describe, kind, example, upgrade }) => ({
    command: `${name} <input> <output>`,
    describe,
    builder: (yargs) =>
      yargs
        .positional("input", { type: "string", demandOption: true, describe: "the file to read" })
        .positional("output", { type: "string", demandOption: true, describe: "the file to write" })
        .example(...example)
        .epilogue("Exit codes: 0 written, 1 an error, 2 the input cannot be read."),
    handler: ({ input, output }) => {
      const { log } = new Console();
      let upgraded = false;
      const noting: Log = (severity, source, message) => {
        upgraded ||= message.startsWith("Successfully upgraded");
        log(severity, source, message);
      };
      const chunks = orUnreadable(() => upgrade(input, noting));
      if (!upgraded) log("error", name, `File already in latest proto format: ${input}`);
      writeFileAtomically(output, chunks);
      log("info", name, `Wrote upgraded ${kind} to ${output}`);
    },
  }),
);

function orUnreadable<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof CaffeError ? new ExitError(error, exitCodes.unreadable) : error;
  }
}
