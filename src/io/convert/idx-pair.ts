import { FormatError } from "../../util/errors.ts";
import { readIdx } from "../lists/idx.ts";

/** MNIST's images, one behind the other, and a label for each. */
export interface LabelledImages {
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  readonly images: Uint8Array;
  readonly labels: Uint8Array;
}

/**
 * Reads an IDX file of images and one of their labels.
 * @throws FileError, FormatError where they cannot be read, or do not fit together
 */
export function readIdxPair(imageFile: string, labelFile: string): LabelledImages {
  const images = readIdx(imageFile);
  const labels = readIdx(labelFile);
  const [count = 0, rows = 0, columns = 0] = images.dims;
  if (images.dims.length !== 3) {
    throw new FormatError(
      `${imageFile}: it has ${images.dims.length} axes. Expected 3: images, rows, columns.`,
    );
  }
  if (labels.dims.length !== 1 || labels.dims[0] !== count) {
    throw new FormatError(
      `${labelFile}: it holds ${labels.dims.join("×")} labels. Expected ${count}, one for each image.`,
    );
  }
  return { count, rows, columns, images: images.data, labels: labels.data };
}
