import type { CommandModule } from "yargs";
import { convertImageset as convert } from "../../io/convert/imageset.ts";
import { withBackend } from "../backend.ts";
import { type RecordFlags, recordFlags, rootAndList, runRecords } from "../record-set.ts";

interface ConvertFlags extends RecordFlags {
  readonly lenient: boolean;
}

/** `caffe convert_imageset`: image files to a database. */
export const convertImageset: CommandModule<object, ConvertFlags> = {
  command: "convert_imageset <root> <list> <database>",
  describe: "write image files that a list names to a database",
  builder: (yargs) =>
    recordFlags(
      rootAndList(withBackend(yargs), "`path label` on each line")
        .positional("database", { type: "string", demandOption: true, describe: "folder to make" })
        .option("lenient", {
          type: "boolean",
          default: false,
          describe: "take labels that are no whole numbers for what Caffe makes of them",
        }),
    )
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

function run(flags: ConvertFlags): Promise<void> {
  const { lenient } = flags;
  return runRecords("convert_imageset", flags, (options, ...rest) =>
    convert({ ...options, lenient }, ...rest),
  );
}
