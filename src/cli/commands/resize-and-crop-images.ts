import type { CommandModule } from "yargs";
import { type CropJob, cropImage } from "../../io/convert/crop-image.ts";
import { inOrder } from "../../io/jobs/in-order.ts";
import { listedImage, readImageList, type SharedList } from "../../io/lists/image-list.ts";
import { CaffeError } from "../../util/errors.ts";
import { CountBar } from "../count-bar.ts";
import { threadsThat, whole } from "../flags.ts";
import { Console } from "../session.ts";

interface CropFlags {
  readonly list: string;
  readonly input_folder: string;
  readonly output_folder: string;
  readonly output_side_length: number;
  readonly threads: number;
}

/** The widest square that an image may be. */
const MOST_SIDE = 16_384;

/** `caffe resize_and_crop_images`: squares of one size from image files of any. */
export const resizeAndCropImages: CommandModule<object, CropFlags> = {
  command: "resize_and_crop_images <list>",
  describe: "bring images to one size: the shorter side to a length, then the middle square",
  builder: (yargs) =>
    yargs
      .positional("list", {
        type: "string",
        demandOption: true,
        describe: "text file, a path on each line; a label behind it is left alone",
      })
      .option("input_folder", { type: "string", default: ".", describe: "where paths start" })
      .option("output_folder", {
        type: "string",
        demandOption: true,
        describe: "where images are written, under the same paths",
      })
      .option(
        ...whole("output_side_length", {
          default: 256,
          least: 1,
          most: MOST_SIDE,
          describe: "side of a square",
        }),
      )
      .option(...threadsThat("work"))
      .example(
        "caffe resize_and_crop_images --input_folder=images --output_folder=images256 train.txt",
        "as ImageNet is prepared",
      ),
  handler: run,
};

async function run(flags: CropFlags): Promise<void> {
  const { list, threads } = flags;
  const console = new Console();
  const images = readImageList(list, "optional");
  const count = images.starts.length;
  const bar = new CountBar(console, "images");
  let [index, skipped] = [0, 0];
  try {
    for await (const outcome of inOrder(cropImage, jobs(images, flags), threads)) {
      const { line } = listedImage(images, index);
      bar.update(++index, count);
      if (!("error" in outcome)) continue;
      skipped++;
      console.log(
        "error",
        "resize_and_crop_images",
        `${list}:${line}: ${outcome.error} It is skipped.`,
      );
    }
  } finally {
    bar.end();
  }
  if (skipped === count)
    throw new CaffeError(`${list}: none of its ${count} images could be made.`);
  console.log("info", "resize_and_crop_images", `Processed ${count - skipped} files.`);
}

function* jobs(
  images: SharedList,
  { input_folder, output_folder, output_side_length: side }: CropFlags,
): Generator<CropJob> {
  for (let i = 0; i < images.starts.length; i++) {
    const { path } = listedImage(images, i);
    yield { input: input_folder, output: output_folder, path, side };
  }
}
