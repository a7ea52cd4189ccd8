import { dirname } from "node:path";
import { writeFileAtomically } from "../files/atomic-file.ts";
import { makeFolder } from "../files/file-system.ts";
import { readBytes } from "../files/read-file.ts";
import { ImageDecoder } from "../images/decode.ts";
import { encodeImage, suffixOf } from "../images/encode.ts";
import { imageOf, type Raster } from "../images/raster.ts";
import { resizeLinear } from "../images/resize.ts";
import type { Work } from "../jobs/in-order.ts";
import { pathWithin } from "../lists/image-list.ts";

/** An image file of which another is made: its shorter side becomes `side`, and the middle square is cut out. */
export interface CropJob {
  /** The folder it lies in, and the one the other is written to, under the same path. */
  readonly input: string;
  readonly output: string;
  readonly path: string;
  readonly side: number;
}

const decoder = new ImageDecoder();

/** @throws Error where the image cannot be read, or is damaged, or the other cannot be written */
async function run({ input, output, path, side }: CropJob): Promise<undefined> {
  const source = pathWithin(".", `${input}/`, path);
  const target = pathWithin(".", `${output}/`, path);
  const image = await decoder.decode(readBytes(source, "image"), "color", source);
  const isTall = image.height > image.width;
  const height = isTall ? Math.trunc((side * image.height) / image.width) : side;
  const width = isTall ? side : Math.trunc((side * image.width) / image.height);
  const resized = resizeLinear(image, height, width);
  const middle = cut(resized, (height - side) >> 1, (width - side) >> 1, side);
  makeFolder(dirname(target));
  writeFileAtomically(target, [await encodeImage(imageOf(middle), suffixOf(target))]);
}

/** A square of an image. */
function cut(image: Raster, top: number, left: number, side: number): Raster {
  const offset = image.offset + top * image.rowStep + left * image.columnStep;
  return { ...image, offset, height: side, width: side };
}

/** Makes a square of an image file. */
export const cropImage: Work<CropJob, undefined> = {
  run,
  module: import.meta.url,
  name: "cropImage",
};
