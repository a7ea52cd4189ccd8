import type { CommandModule } from "yargs";
import { convertMnist } from "../../io/convert/mnist.ts";
import type { Backend } from "../../io/db/db.ts";
import { withBackend } from "../backend.ts";
import { CountBar } from "../count-bar.ts";
import { Console } from "../session.ts";

interface ConvertFlags {
  readonly images: string;
  readonly labels: string;
  readonly database: string;
  readonly backend: Backend;
}

/** `caffe convert_mnist_data`: IDX files to a database. */
export const convertMnistData: CommandModule<object, ConvertFlags> = {
  command: "convert_mnist_data <images> <labels> <database>",
  describe: "write the IDX files of MNIST or Fashion-MNIST to a database",
  builder: (yargs) =>
    withBackend(yargs)
      .positional("images", {
        type: "string",
        demandOption: true,
        describe: "IDX file of images, gzipped or not",
      })
      .positional("labels", { type: "string", demandOption: true, describe: "IDX file of labels" })
      .positional("database", { type: "string", demandOption: true, describe: "folder to make" })
      .example(
        "caffe convert_mnist_data train-images-idx3-ubyte train-labels-idx1-ubyte mnist_train_lmdb",
        "make MNIST's training database",
      ) as never,
  handler: async ({ images, labels, database, backend }) => {
    const console = new Console();
    const bar = new CountBar(console, "images");
    const count = await convertMnist(images, labels, database, backend, bar.update);
    bar.end();
    console.log("info", "convert_mnist_data", `Processed ${count} files.`);
  },
};
