import { readBytes } from "../files/read-file.ts";
import { ImageDecoder } from "../images/decode.ts";
import type { Work } from "../jobs/in-order.ts";

/** An image file that is decoded to see whether it can be. */
interface ReadableJob {
  readonly path: string;
  readonly isColor: boolean;
}

const decoder = new ImageDecoder();

/** @throws Error where the image cannot be read, or is damaged */
async function run({ path, isColor }: ReadableJob): Promise<true> {
  await decoder.decode(readBytes(path, "image"), isColor ? "color" : "gray", path);
  return true;
}

/** Reads an image as a whole: its outcome says what is wrong with it. */
export const readWhole: Work<ReadableJob, true> = {
  run,
  module: import.meta.url,
  name: "readWhole",
};
