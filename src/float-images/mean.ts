import type { NdArray } from "../blob/nested.ts";
import { writeFileAtomically } from "../io/files/atomic-file.ts";
import { meanShape } from "../io/images/mean-image.ts";
import { readNpy } from "../io/lists/npy.ts";
import { blobChunks } from "../io/weights/blob-wire.ts";
import { readBlobFile } from "../io/weights/caffemodel.ts";
import { countOf } from "../util/shape.ts";

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

/** The mean of each channel of a mean image K×H×W: what fits inputs of every size. */
export function channelMeans({ shape, data }: NdArray): number[] {
  const size = countOf(shape, 1);
  return Array.from({ length: shape[0] ?? 0 }, (_, c) => {
    let sum = 0;
    for (let i = c * size; i < (c + 1) * size; i++) sum += data[i] ?? 0;
    return sum / size;
  });
}
