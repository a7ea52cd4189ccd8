import { dirname } from "node:path";
import { writeFileAtomically } from "../files/atomic-file.ts";
import { makeFolder } from "../files/file-system.ts";
import { readBytes } from "../files/read-file.ts";
import { ImageDecoder, imageOf } from "../images/decode.ts";
import { encodeImage, isSameKind, suffixOf } from "../images/encode.ts";
import type { Raster } from "../images/raster.ts";
import { resizeLinear } from "../images/resize.ts";
import { pathWithin } from "../lists/image-list.ts";
import { encodeDatum } from "../proto/datum.ts";
import { type CheckJob, check, type SumJob, type SumResult, sum } from "./record-jobs.ts";

/** An image file that becomes a record. */
export interface DatumJob {
  readonly kind: "datum";
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

/** A record, and the size of its image. */
export interface DatumResult {
  readonly datum: Uint8Array;
  readonly shape: readonly [number, number, number];
}

/** An image file of which another is made: its shorter side becomes `side`, and the middle square is cut out. */
export interface CropJob {
  readonly kind: "crop";
  /** The folder it lies in, and the one the other is written to, under the same path. */
  readonly input: string;
  readonly output: string;
  readonly path: string;
  readonly side: number;
}

/** What is done with image files or records, many of them at once. */
export type Job = DatumJob | CropJob | CheckJob | SumJob;

/** What comes of a job: nothing but a file of a crop, nothing of a record that is whole. */
export type JobResult<J extends Job> = J extends DatumJob
  ? DatumResult
  : J extends SumJob
    ? SumResult
    : undefined;

const decoder = new ImageDecoder();

/**
 * Does one job. Each thread does one at a time.
 * @throws Error where the image cannot be read or written, or the record is damaged
 */
export async function runJob<J extends Job>(job: J): Promise<JobResult<J>> {
  return (await resultOf(job)) as JobResult<J>;
}

function resultOf(job: Job): Promise<DatumResult | SumResult | undefined> {
  switch (job.kind) {
    case "datum":
      return makeDatum(job);
    case "crop":
      return crop(job);
    case "check":
      return check(job);
    case "sum":
      return sum(job);
  }
}

async function makeDatum(job: DatumJob): Promise<DatumResult> {
  const { label, isColor, height, width, encoded, encodeType } = job;
  const path = pathWithin(".", job.root, job.path);
  const bytes = readBytes(path, "image");
  const decoded = await decoder.decode(bytes, isColor ? "color" : "gray", path);
  const image = imageOf(height > 0 ? resizeLinear(decoded, height, width) : decoded);
  const shape = [image.channels, image.height, image.width] as const;
  if (!encoded) return { datum: encodeDatum({ ...image, label, encoded: false }), shape };
  const encoding = encodeType || suffixOf(path);
  // A file that is of that kind already is taken as it is.
  const isTaken = height === 0 && isSameKind(suffixOf(path), encoding);
  const data = isTaken ? bytes : await encodeImage(image, encoding);
  return { datum: encodeDatum({ data, label, encoded: true }), shape };
}

async function crop({ input, output, path, side }: CropJob): Promise<undefined> {
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
