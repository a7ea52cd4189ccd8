import type { CommandModule } from "yargs";
import { convertMnistSiamese } from "../../io/convert/mnist.ts";
import type { Backend } from "../../io/db/db.ts";
import { withBackend } from "../backend.ts";
import { CountBar } from "../count-bar.ts";
import { whole } from "../flags.ts";
import { Console } from "../session.ts";

interface ConvertFlags {
  readonly images: string;
  readonly labels: string;
  readonly database: string;
  readonly backend: Backend;
  readonly seed: number;
}

/** `caffe convert_mnist_siamese_data`: IDX files to a database of pairs. */
export const convertMnistSiameseData: CommandModule<object, ConvertFlags> = {
  command: "convert_mnist_siamese_data <images> <labels> <database>",
  describe: "write pairs of MNIST's images to a database, to train a siamese net",
  builder: (yargs) =>
    withBackend(yargs, "leveldb")
      .positional("images", {
        type: "string",
        demandOption: true,
        describe: "IDX file of images, gzipped or not",
      })
      .positional("labels", { type: "string", demandOption: true, describe: "IDX file of labels" })
      .positional("database", { type: "string", demandOption: true, describe: "folder to make" })
      .option(...whole("seed", { default: 1701, describe: "decides which pairs are drawn" }))
      .example(
        "caffe convert_mnist_siamese_data train-images-idx3-ubyte train-labels-idx1-ubyte pairs_leveldb",
        "make as many pairs as there are images; label 1 says that both are of one class",
      ) as never,
  handler: async ({ images, labels, database, backend, seed }) => {
    const console = new Console();
    const bar = new CountBar(console, "pairs");
    const count = await convertMnistSiamese(images, labels, database, backend, seed, bar.update);
    bar.end();
    console.log("info", "convert_mnist_siamese_data", `Processed ${count} pairs.`);
  },
};
