import { FormatError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";

/** What protobuf reads, and so BVLC Caffe; and what memory holds in one piece, and so can be read here. */
const [MOST_OF_PROTOBUF, MOST_IN_MEMORY] = [2 ** 31 - 1, 2 ** 32];

/** What must be known of blobs to tell how long a file of them is. */
interface Sized {
  readonly dtype: "f32" | "f64";
  count(): number;
}

/**
 * Makes sure that a file of those blobs could be read again, and warns where BVLC Caffe could not read it.
 * @param file what it is called in the message
 * @param instead what has no such limit
 * @param arrays how many of each blob are written: 2 with its diff
 * @throws FormatError where it could not be read here either
 */
export function checkSize(
  blobs: readonly Sized[],
  file: string,
  instead: string,
  log: Log,
  arrays: 1 | 2 = 1,
): void {
  const values = blobs.reduce(
    (sum, blob) => sum + blob.count() * (blob.dtype === "f64" ? 8 : 4),
    0,
  );
  const bytes = values * arrays;
  if (bytes <= MOST_OF_PROTOBUF) return;
  const gibibytes = (bytes / 2 ** 30).toFixed(1);
  if (bytes > MOST_IN_MEMORY - 2 ** 20) {
    throw new FormatError(
      `${file} would hold ${gibibytes} GiB. Expected less than 4 GiB in BINARYPROTO; ${instead} has no such limit.`,
    );
  }
  log(
    "warning",
    "io",
    `${file} holds ${gibibytes} GiB. BVLC Caffe reads 2 GiB at most; ${instead} has no such limit.`,
  );
}
