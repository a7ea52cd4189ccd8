import { FormatError } from "../../util/errors.ts";
import { countOf, sameShape } from "../../util/shape.ts";
import { type RawRecord, shapeOf } from "../dataset/records.ts";
import { ImageDecoder } from "../images/decode.ts";
import { type Raster, rasterOf } from "../images/raster.ts";
import { decodeDatum } from "../proto/datum.ts";

/** A record that is to be whole. */
export interface CheckJob {
  readonly kind: "check";
  readonly value: Uint8Array;
}

/** Records whose images are added up. */
export interface SumJob {
  readonly kind: "sum";
  /** The database they are of, for messages. */
  readonly path: string;
  readonly records: readonly RawRecord[];
  /** (C, H, W) that each must have: that of the database's first. */
  readonly shape: readonly number[];
}

/** The sum of so many images, value by value. */
export interface SumResult {
  readonly sums: Float64Array;
  readonly count: number;
}

const decoder = new ImageDecoder();

/** @throws Error that says what is wrong with the record */
export async function check({ value }: CheckJob): Promise<undefined> {
  const datum = decodeDatum(value, "its Datum");
  if (datum.encoded) await decoder.decode(datum.data, "unchanged", "its image");
  else rasterOf(datum);
  if (datum.label < 0) throw new Error(`its label is ${datum.label}. Expected 0 or more.`);
}

/** @throws FormatError that names the first record that is damaged, or of another size */
export async function sum({ path, records, shape }: SumJob): Promise<SumResult> {
  const sums = new Float64Array(countOf(shape));
  for (const { key, value } of records) {
    try {
      const datum = decodeDatum(value, "its Datum");
      const own = shapeOf(datum);
      if (!sameShape(own, shape)) {
        throw new FormatError(
          `it is ${own.join("×")}, and the first record ${shape.join("×")}. Incorrect data field size ${countOf(own)}. Expected images of one size.`,
        );
      }
      addTo(
        sums,
        datum.encoded
          ? await decoder.decode(datum.data, "unchanged", "its image")
          : rasterOf(datum),
      );
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
