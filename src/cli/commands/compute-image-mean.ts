import type { CommandModule } from "yargs";
import { computeImageMean as compute, encodeImageMean } from "../../io/convert/image-mean.ts";
import { writeFileAtomically } from "../../io/files/atomic-file.ts";
import { channelMeans } from "../../io/images/mean-image.ts";
import { numberText } from "../../util/log.ts";
import { CountBar } from "../count-bar.ts";
import { threadsThat } from "../flags.ts";
import { Console } from "../session.ts";

interface MeanFlags {
  readonly database: string;
  readonly output: string | undefined;
  readonly threads: number;
}

/** `caffe compute_image_mean`: the mean image of a database. */
export const computeImageMean: CommandModule<object, MeanFlags> = {
  command: "compute_image_mean <database> [output]",
  describe: "compute the mean image of a database, and of each channel",
  builder: (yargs) =>
    yargs
      .positional("database", { type: "string", demandOption: true, describe: "LMDB or LevelDB" })
      .positional("output", { type: "string", describe: "the .binaryproto to write" })
      .option("backend", {
        type: "string",
        describe: "taken, and not needed: what a database is is seen from its files",
      })
      .option(...threadsThat("decode images"))
      .example("caffe compute_image_mean train_lmdb mean.binaryproto", "what mean_file takes"),
  handler: async ({ database, output, threads }) => {
    const console = new Console();
    const log = (message: string): void => console.log("info", "compute_image_mean", message);
    const bar = new CountBar(console, "images");
    log("Starting iteration");
    const mean = await compute(database, threads, (done) => {
      bar.update(done);
      if (done % 10_000 === 0) log(`Processed ${done} files.`);
    });
    bar.end();
    if (mean.count % 10_000 !== 0) log(`Processed ${mean.count} files.`);
    if (output !== undefined) {
      log(`Write to ${output}`);
      writeFileAtomically(output, encodeImageMean(mean));
    }
    log(`Number of channels: ${mean.shape[0]}`);
    channelMeans(mean).forEach((value, c) => {
      log(`mean_value channel [${c}]: ${numberText(value)}`);
    });
  },
};
