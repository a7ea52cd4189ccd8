import { FormatError } from "../../util/errors.ts";
import { countOf, sameShape } from "../../util/shape.ts";
import type { RawRecord } from "../db/records.ts";
import { decodeRecord } from "../db/records.ts";
import { datumShape, pixelsOf } from "../images/datum-image.ts";
import { ImageDecoder } from "../images/decode.ts";
import type { Raster } from "../images/raster.ts";
import type { Work } from "../jobs/in-order.ts";

/** Records whose images are added up. */
export interface SumJob {
  /** The database they are of, for messages. */
  readonly path: string;
  readonly records: readonly RawRecord[];
  /** (C, H, W) that each must have: that of the database's first. */
  readonly shape: readonly number[];
}

/** The sum of so many images, value by value. */
interface ImageSum {
  readonly sums: Float64Array;
  readonly count: number;
}

const decoder = new ImageDecoder();

/** @throws FormatError that names the first record that is damaged, or of another size */
async function run({ path, records, shape }: SumJob): Promise<ImageSum> {
  const sums = new Float64Array(countOf(shape));
  for (const { key, value } of records) {
    try {
      const { datum } = decodeRecord(value);
      const own = datumShape(datum, "unchanged");
      if (!sameShape(own, shape)) {
        throw new FormatError(
          `it is ${own.join("×")}, and the first record ${shape.join("×")}. Incorrect data field size ${countOf(own)}. Expected images of one size.`,
        );
      }
      addTo(sums, await pixelsOf(datum, decoder, "unchanged"));
    } catch (error) {
      throw new FormatError(`${path}: key "${key}": ${(error as Error).message}`, { cause: error });
    }
  }
  return { sums, count: records.length };
}

/** Adds an image, channel by channel. */
function addTo(sums: Float64Array, image: Raster): void {
  const { data, channels, height, width, columnStep } = image;
  for (let c = 0, to = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      let from = image.offset + c * image.channelStep + y * image.rowStep;
      for (const end = to + width; to < end; to++, from += columnStep) {
        sums[to] = (sums[to] as number) + (data[from] as number);
      }
    }
  }
}

/** Adds up the images of some records, value by value. */
export const sumImages: Work<SumJob, ImageSum> = {
  run,
  module: import.meta.url,
  name: "sumImages",
};
