import { writeFileAtomically } from "../io/files/atomic-file.ts";
import { meanShape } from "../io/images/mean-image.ts";
import { readNpy } from "../io/lists/npy.ts";
import { blobChunks } from "../io/proto/blob-proto.ts";
import { readBlobFile } from "../io/weights/blob-file.ts";
import type { NdArray } from "../util/nd-array.ts";

/**
 * Reads a mean image: a .binaryproto as compute_image_mean writes it, or a .npy of pycaffe's.
 * @returns K×H×W (an array H×W is of one channel), in the file's order of channels (blue first in Caffe's)
 * @throws FileError, FormatError
 */
export function readMean(path: string): NdArray {
  const { shape, data } = path.toLowerCase().endsWith(".npy") ? readNpy(path) : readBlobFile(path);
  return { shape: meanShape(shape), data };
}

/** Writes a mean image K×H×W as a .binaryproto that Caffe's `mean_file` takes. */
export function writeMean(path: string, { shape, data }: NdArray): void {
  const values = Float32Array.from(data);
  writeFileAtomically(path, blobChunks({ shape: [1, ...shape], data: values }));
}
