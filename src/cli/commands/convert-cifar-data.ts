import type { CommandModule } from "yargs";
import { convertCifar } from "../../io/convert/cifar.ts";
import type { Backend } from "../../io/db/db.ts";
import { backends } from "../backend.ts";
import { CountBar } from "../count-bar.ts";
import { Console } from "../session.ts";

interface ConvertFlags {
  readonly input: string;
  readonly output: string;
  readonly db_type: Backend;
}

/** `caffe convert_cifar_data`: CIFAR-10's binary files to two databases. */
export const convertCifarData: CommandModule<object, ConvertFlags> = {
  command: "convert_cifar_data <input> <output> <db_type>",
  describe: "write CIFAR-10's binary files to a database for training and one for testing",
  builder: (yargs) =>
    yargs
      .positional("input", {
        type: "string",
        demandOption: true,
        describe: "folder of data_batch_1.bin to data_batch_5.bin and test_batch.bin",
      })
      .positional("output", {
        type: "string",
        demandOption: true,
        describe: "folder in which cifar10_train_DB_TYPE and cifar10_test_DB_TYPE are made",
      })
      .positional("db_type", {
        type: "string",
        choices: backends,
        demandOption: true,
        describe: "kind of database that is written",
      })
      .example("caffe convert_cifar_data cifar-10-batches-bin . lmdb", "make both databases here"),
  handler: async ({ input, output, db_type }) => {
    const console = new Console();
    const bar = new CountBar(console, "images");
    const count = await convertCifar(input, output, db_type, bar.update);
    bar.end();
    console.log("info", "convert_cifar_data", `Processed ${count} files.`);
  },
};
