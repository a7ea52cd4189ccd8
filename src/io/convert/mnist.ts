import { Random } from "../../util/random.ts";
import type { Backend } from "../db/db.ts";
import { encodeDatum } from "../proto/datum.ts";
import { type LabelledImages, readIdxPair } from "./idx-pair.ts";
import { type OnProgress, writeDatabase } from "./write-database.ts";

/**
 * Writes the images and labels of two IDX files to a database: a Datum of 1×rows×columns bytes for each, under its
 * number in eight digits, as Caffe's convert_mnist_data does.
 *
 * @returns how many records were written
 * @throws FileError, FormatError; no database is left then
 */
export async function convertMnist(
  imageFile: string,
  labelFile: string,
  database: string,
  backend: Backend = "lmdb",
  onProgress?: OnProgress,
): Promise<number> {
  const mnist = readIdxPair(imageFile, labelFile);
  return writeDatabase(database, backend, singles(mnist), mnist.count, onProgress);
}

function* singles({
  count,
  rows,
  columns,
  images,
  labels,
}: LabelledImages): Generator<[string, Uint8Array]> {
  const size = rows * columns;
  for (let i = 0; i < count; i++) {
    const data = images.subarray(i * size, (i + 1) * size);
    const datum = { channels: 1, height: rows, width: columns, data, label: labels[i] ?? 0 };
    yield [String(i).padStart(8, "0"), encodeDatum(datum)];
  }
}

/**
 * Writes as many pairs as there are images, each of two drawn at random: a Datum of 2×rows×columns bytes, of label 1
 * where both are of one class and 0 otherwise, as Caffe's convert_mnist_siamese_data does.
 *
 * @param seed decides which are drawn
 * @returns how many records were written
 * @throws FileError, FormatError; no database is left then
 */
export async function convertMnistSiamese(
  imageFile: string,
  labelFile: string,
  database: string,
  backend: Backend,
  seed: number,
  onProgress?: OnProgress,
): Promise<number> {
  const mnist = readIdxPair(imageFile, labelFile);
  return writeDatabase(database, backend, pairs(mnist, seed), mnist.count, onProgress);
}

function* pairs(
  { count, rows, columns, images, labels }: LabelledImages,
  seed: number,
): Generator<[string, Uint8Array]> {
  const random = new Random(seed, "siamese");
  const size = rows * columns;
  const data = new Uint8Array(2 * size);
  for (let i = 0; i < count; i++) {
    const [a, b] = [random.below(count), random.below(count)];
    data.set(images.subarray(a * size, (a + 1) * size));
    data.set(images.subarray(b * size, (b + 1) * size), size);
    const label = labels[a] === labels[b] ? 1 : 0;
    const datum = { channels: 2, height: rows, width: columns, data, label };
    yield [String(i).padStart(8, "0"), encodeDatum(datum)];
  }
}
