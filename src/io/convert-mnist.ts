import { FormatError } from "../util/errors.ts";
import { encodeDatum } from "./datum.ts";
import { createLmdb } from "./db/lmdb/create.ts";
import { readIdx } from "./idx.ts";

/**
 * Writes the images and labels of two IDX files to an LMDB: a Datum of 1×rows×columns bytes for each, under its
 * number in eight digits, as Caffe's convert_mnist_data does.
 *
 * @param onProgress is told how many of how many are written, now and then
 * @returns how many records were written
 * @throws FileError, FormatError; no database is left then
 */
export async function convertMnist(
  imageFile: string,
  labelFile: string,
  database: string,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<number> {
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
  const writer = createLmdb(database);
  const size = rows * columns;
  try {
    for (let i = 0; i < count; i++) {
      const value = encodeDatum({
        channels: 1,
        height: rows,
        width: columns,
        data: images.data.subarray(i * size, (i + 1) * size),
        label: labels.data[i] ?? 0,
      });
      await writer.put(String(i).padStart(8, "0"), value);
      if ((i + 1) % 1000 === 0 || i + 1 === count) onProgress(i + 1, count);
    }
    await writer.finish();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  return count;
}
