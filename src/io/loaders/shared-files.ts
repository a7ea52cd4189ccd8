import { fileSize, readBytes } from "../files/read-file.ts";

/** Files in shared memory: file i is bytes [starts[i], starts[i + 1]). */
export interface SharedFiles {
  readonly bytes: Uint8Array;
  readonly starts: Float64Array;
}

/**
 * Reads files into shared memory.
 * @throws FileError where one cannot be read
 */
export function readShared(paths: readonly string[]): SharedFiles {
  const starts = new Float64Array(new SharedArrayBuffer(8 * (paths.length + 1)));
  paths.forEach((path, i) => {
    starts[i + 1] = (starts[i] ?? 0) + fileSize(path, "image");
  });
  const bytes = new Uint8Array(new SharedArrayBuffer(starts[paths.length] ?? 0));
  paths.forEach((path, i) => {
    const length = (starts[i + 1] ?? 0) - (starts[i] ?? 0);
    bytes.set(readBytes(path, "image").subarray(0, length), starts[i]);
  });
  return { bytes, starts };
}
