import type { CommandModule } from "yargs";
import { convertImageset as convert } from "../../io/convert/imageset.ts";
import type { Backend } from "../../io/db/db.ts";
import { CaffeError } from "../../util/errors.ts";
import { withBackend } from "../backend.ts";
import { CountBar } from "../count-bar.ts";
import { threadsThat, whole } from "../flags.ts";
import { Console } from "../session.ts";
import { onFirstOf } from "../signals.ts";

interface ConvertFlags {
  readonly root: string;
  readonly list: string;
  readonly lenient: boolean;
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

/** `caffe convert_imageset`: image files to a database. */
export const convertImageset: CommandModule<object, ConvertFlags> = {
  command: "convert_imageset <root> <list> <database>",
  describe: "write image files that a list names to a database",
  builder: (yargs) =>
    withBackend(yargs)
      .positional("root", {
        type: "string",
        demandOption: true,
        describe: "folder that is put before every path of the list; it ends with a slash",
      })
      .positional("list", {
        type: "string",
        demandOption: true,
        describe: "text file, `path label` on each line",
      })
      .positional("database", { type: "string", demandOption: true, describe: "folder to make" })
      .option("lenient", {
        type: "boolean",
        default: false,
        describe: "take labels that are no whole numbers for what Caffe makes of them",
      })
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
      .option(...threadsThat("decode"))
      .example("caffe convert_imageset images/ train.txt train_lmdb", "pixels as they are")
      .example(
        "caffe convert_imageset --resize_height=256 --resize_width=256 --shuffle images/ train.txt train_lmdb",
        "as ImageNet is prepared",
      )
      .example(
        "caffe convert_imageset --encoded --resume images/ train.txt train_lmdb",
        "files as they are; go on where Ctrl-C stopped an earlier run",
      ) as never,
  handler: run,
};

async function run(flags: ConvertFlags): Promise<void> {
  const { resize_height: height, resize_width: width, encode_type, encoded, seed, threads } = flags;
  if (height > 0 !== width > 0) {
    throw new CaffeError(
      `--resize_height is ${height} and --resize_width ${width}. Expected both, or neither.`,
    );
  }
  const console = new Console();
  const { log } = console;
  if (encode_type !== "" && !encoded) {
    log("info", "convert_imageset", "encode_type specified, assuming encoded=true.");
  }
  const bar = new CountBar(console, "images");
  const stop = new AbortController();
  const undo = onFirstOf(["SIGINT", "SIGTERM"], () => stop.abort());
  try {
    const { root, list, lenient, database, backend, gray, shuffle, resume } = flags;
    const options = {
      ...{ root, list, lenient, database, backend, gray, shuffle, seed, height, width, encoded },
      ...{ checkSize: flags.check_size, encodeType: encode_type.toLowerCase(), resume, threads },
    };
    const { written, skipped, isInterrupted } = await convert(
      options,
      log,
      bar.update,
      stop.signal,
    );
    if (isInterrupted) {
      throw new CaffeError(
        `interrupted after ${written} images. Run the same command with --resume to go on.`,
      );
    }
    if (skipped > 0) log("warning", "convert_imageset", `Skipped ${skipped} images.`);
  } finally {
    bar.end();
    undo();
  }
}
