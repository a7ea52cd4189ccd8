import type { CommandModule } from "yargs";
import { convertMnist } from "../../io/convert-mnist.ts";
import { CaffeError } from "../../util/errors.ts";
import { Console } from "../session.ts";

interface ConvertFlags {
  readonly images: string;
  readonly labels: string;
  readonly database: string;
  readonly backend: string;
}

/** `caffe convert_mnist_data`: IDX files to a database. */
export const convertMnistData: CommandModule<object, ConvertFlags> = {
  command: "convert_mnist_data <images> <labels> <database>",
  describe: "write the IDX files of MNIST or Fashion-MNIST to a database",
  builder: (yargs) =>
    yargs
      .positional("images", {
        type: "string",
        demandOption: true,
        describe: "IDX file of images, gzipped or not",
      })
      .positional("labels", { type: "string", demandOption: true, describe: "IDX file of labels" })
      .positional("database", { type: "string", demandOption: true, describe: "folder to make" })
      .option("backend", { type: "string", default: "lmdb", describe: "kind of database" })
      .example(
        "caffe convert_mnist_data train-images-idx3-ubyte train-labels-idx1-ubyte mnist_train_lmdb",
        "make MNIST's training database",
      ),
  handler: async ({ images, labels, database, backend }) => {
    if (backend !== "lmdb") throw new CaffeError(`--backend is ${backend}. Expected lmdb.`);
    const { log } = new Console();
    const isTerminal = process.stderr.isTTY === true;
    const count = await convertMnist(images, labels, database, (done, total) => {
      if (isTerminal) process.stderr.write(`\r${done} of ${total}`);
    });
    if (isTerminal) process.stderr.write("\r\x1b[K");
    log("info", "convert_mnist_data", `Processed ${count} files.`);
  },
};
