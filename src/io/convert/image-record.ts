import { readBytes } from "../files/read-file.ts";
import { ImageDecoder } from "../images/decode.ts";
import { encodeImage, isSameKind, suffixOf } from "../images/encode.ts";
import { imageOf } from "../images/raster.ts";
import { resizeLinear } from "../images/resize.ts";
import type { Work } from "../jobs/in-order.ts";
import { pathWithin } from "../lists/image-list.ts";
import { encodeDatum } from "../proto/datum.ts";
import type { MadeRecord } from "./record-set.ts";

/** An image file that becomes a record. */
interface RecordJob {
  /** Put before the path, without a slash between. */
  readonly root: string;
  readonly path: string;
  readonly label: number;
  readonly isColor: boolean;
  /** The size that it is brought to; 0 by 0 for its own. */
  readonly height: number;
  readonly width: number;
  /** Whether the record holds a file rather than pixels, and of which kind; empty for that of the image. */
  readonly encoded: boolean;
  readonly encodeType: string;
}

const decoder = new ImageDecoder();

/** @throws Error where the image cannot be read, or is damaged */
async function run(job: RecordJob): Promise<MadeRecord> {
  const { label, isColor, height, width, encoded, encodeType } = job;
  const path = pathWithin(".", job.root, job.path);
  const bytes = readBytes(path, "image");
  const decoded = await decoder.decode(bytes, isColor ? "color" : "gray", path);
  const image = imageOf(height > 0 ? resizeLinear(decoded, height, width) : decoded);
  const shape = [image.channels, image.height, image.width] as const;
  if (!encoded) return { record: encodeDatum({ ...image, label, encoded: false }), shape };
  const encoding = encodeType || suffixOf(path);
  // A file that is of that kind already is taken as it is.
  const isTaken = height === 0 && isSameKind(suffixOf(path), encoding);
  const data = isTaken ? bytes : await encodeImage(image, encoding);
  return { record: encodeDatum({ data, label, encoded: true }), shape };
}

/** Makes a record of an image file. */
export const makeRecord: Work<RecordJob, MadeRecord> = {
  run,
  module: import.meta.url,
  name: "makeRecord",
};
