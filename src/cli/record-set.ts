import type { Argv } from "yargs";
import type { RecordOptions, RecordResult } from "../io/convert/record-set.ts";
import type { Backend } from "../io/db/db.ts";
import { CaffeError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { CountBar } from "./count-bar.ts";
import { threadsThat, whole } from "./flags.ts";
import { Console } from "./session.ts";
import { onFirstOf } from "./signals.ts";

/** What commands that make databases of lists are given. */
export interface RecordFlags {
  readonly root: string;
  readonly list: string;
  readonly database: string;
  readonly backend: Backend;
  readonly gray: boolean;
  readonly shuffle: boolean;
  readonly seed: number;
  readonly resize_height: number;
  readonly resize_width: number;
  readonly check_size: boolean;
  readonly encoded: boolean;
  readonly encode_type: string;
  readonly resume: boolean;
  readonly threads: number;
}

/** The folder and the list that images are named by; `what` is on each line. */
export function rootAndList(yargs: Argv, what: string): Argv {
  return yargs
    .positional("root", {
      type: "string",
      demandOption: true,
      describe: "folder that is put before every path of the list; it ends with a slash",
    })
    .positional("list", { type: "string", demandOption: true, describe: `text file, ${what}` });
}

/** The flags that these commands have in common. */
export function recordFlags(yargs: Argv): Argv {
  return yargs
    .option("gray", { type: "boolean", default: false, describe: "make images grey" })
    .option("shuffle", { type: "boolean", default: false, describe: "shuffle the list" })
    .option(...whole("seed", { default: 1701, describe: "decides the shuffled order" }))
    .option(...whole("resize_height", { default: 0, describe: "height of every image" }))
    .option(...whole("resize_width", { default: 0, describe: "width of every image" }))
    .option("check_size", {
      type: "boolean",
      default: false,
      describe: "stop at an image that is not of the first one's size",
    })
    .option("encoded", {
      type: "boolean",
      default: false,
      describe: "keep images as files (JPEG, PNG) rather than as pixels",
    })
    .option("encode_type", {
      type: "string",
      default: "",
      describe: "the kind of those files (jpg, png, …); that of each image by default",
    })
    .option("resume", {
      type: "boolean",
      default: false,
      describe: "go on where an interrupted run stopped",
    })
    .option(...threadsThat("decode")) as Argv;
}

/** Makes a database with a bar, stops at the first signal so that it can be resumed, and says what was skipped. */
export async function runRecords(
  command: string,
  flags: RecordFlags,
  convert: (
    options: RecordOptions,
    log: Log,
    onProgress: (done: number, total: number) => void,
    signal: AbortSignal,
  ) => Promise<RecordResult>,
): Promise<void> {
  const { resize_height: height, resize_width: width, encode_type, encoded, seed, threads } = flags;
  if (height > 0 !== width > 0) {
    throw new CaffeError(
      `--resize_height is ${height} and --resize_width ${width}. Expected both, or neither.`,
    );
  }
  const console = new Console();
  const { log } = console;
  if (encode_type !== "" && !encoded) {
    log("info", command, "encode_type specified, assuming encoded=true.");
  }
  const bar = new CountBar(console, "images");
  const stop = new AbortController();
  const undo = onFirstOf(["SIGINT", "SIGTERM"], () => stop.abort());
  try {
    const { root, list, database, backend, gray, shuffle, resume } = flags;
    const options = {
      ...{ root, list, database, backend, gray, shuffle, seed, height, width, encoded },
      ...{ checkSize: flags.check_size, encodeType: encode_type.toLowerCase(), resume, threads },
    };
    const result = await convert(options, log, bar.update, stop.signal);
    const { written, skipped, isInterrupted } = result;
    if (isInterrupted) {
      throw new CaffeError(
        `interrupted after ${written} images. Run the same command with --resume to go on.`,
      );
    }
    if (skipped > 0) log("warning", command, `Skipped ${skipped} images.`);
  } finally {
    bar.end();
    undo();
  }
}
