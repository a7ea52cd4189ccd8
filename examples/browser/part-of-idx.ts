import { readFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";

/** The first elements of a packed IDX file, as such a file of their own. */
export function partOfIdx(path: string, count: number): Buffer {
  const whole = gunzipSync(readFileSync(path));
  const head = 4 + 4 * whole.readUInt8(3);
  const size = (whole.length - head) / whole.readUInt32BE(4);
  const part = whole.subarray(0, head + count * size);
  part.writeUInt32BE(count, 4);
  return gzipSync(part, { level: 9 });
}
