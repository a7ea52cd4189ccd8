import { FormatError } from "../../util/errors.ts";
import type { NdArray } from "../../util/nd-array.ts";
import { countOf } from "../../util/shape.ts";
import { firstRecordOf, type RawRecord, rawRecordsOf, tried } from "../db/records.ts";
import { datumShape } from "../images/datum-image.ts";
import { inOrder } from "../jobs/in-order.ts";
import { blobChunks } from "../proto/blob-proto.ts";
import { type SumJob, sumImages } from "./image-sum.ts";

/** The mean of images of one size, channel by channel. */
interface ImageMean extends NdArray<Float32Array> {
  /** How many images it is of. */
  readonly count: number;
}

/** Images that a thread adds up at once. They are added in this order whichever thread does it. */
const PARCEL = 32;

/**
 * The mean image of a database; the same to the bit whatever the number of threads.
 *
 * @param threads decode images; records of pixels need none
 * @throws FileError, FormatError that name the record where one is damaged or of another size
 */
export async function computeImageMean(
  path: string,
  threads: number,
  onProgress: (done: number) => void = () => {},
): Promise<ImageMean> {
  const { key, datum } = firstRecordOf(path);
  const shape = datum instanceof Error ? datum : tried(() => datumShape(datum, "unchanged"));
  if (datum instanceof Error || shape instanceof Error) {
    const { message } = shape as Error;
    throw new FormatError(`${path}: key "${key}": ${message}`, { cause: shape });
  }
  const sums = new Float64Array(countOf(shape));
  let count = 0;
  const isDecoded = datum.encoded;
  for await (const outcome of inOrder(sumImages, jobs(path, shape), isDecoded ? threads : 0, 1)) {
    if ("error" in outcome) throw new FormatError(outcome.error);
    const { result } = outcome;
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] ?? 0) + (result.sums[i] ?? 0);
    for (let i = 0; i < result.count; i++) onProgress(++count);
  }
  return { shape, data: Float32Array.from(sums, (sum) => sum / count), count };
}

function* jobs(path: string, shape: readonly number[]): Generator<SumJob> {
  let records: RawRecord[] = [];
  for (const { key, value } of rawRecordsOf(path)) {
    records.push({ key, value: value.slice() });
    if (records.length === PARCEL) {
      yield { path, records, shape };
      records = [];
    }
  }
  if (records.length > 0) yield { path, records, shape };
}

/** The bytes of a mean as a .binaryproto, in the old four-axis form that Caffe's tool writes. */
export function encodeImageMean({ shape, data }: ImageMean): Uint8Array[] {
  return blobChunks({ shape: [1, ...shape], legacyShape: true, data });
}
