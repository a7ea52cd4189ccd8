import { join } from "node:path";
import { FormatError } from "../../util/errors.ts";
import type { Backend } from "../db/db.ts";
import { readBytes } from "../files/read-file.ts";
import { encodeDatum } from "../proto/datum.ts";
import { type OnProgress, writeDatabase } from "./write-database.ts";

const SIDE = 32;
/** A label and three planes of pixels, red first, as CIFAR's binary files hold each image. */
const RECORD = 1 + 3 * SIDE * SIDE;

/**
 * Writes CIFAR-10's binary files to two databases, `cifar10_train_BACKEND` and `cifar10_test_BACKEND`: a Datum of
 * 3×32×32 bytes for each image, in the file's order of colours, under its number in five digits, as Caffe's
 * convert_cifar_data does.
 *
 * @param input the folder of data_batch_1.bin to data_batch_5.bin and test_batch.bin
 * @returns how many records were written
 * @throws FileError, FormatError; the database that is being written is not left then
 */
export async function convertCifar(
  input: string,
  output: string,
  backend: Backend,
  onProgress?: OnProgress,
): Promise<number> {
  const train = [1, 2, 3, 4, 5].map((i) => join(input, `data_batch_${i}.bin`));
  const test = [join(input, "test_batch.bin")];
  let written = 0;
  for (const [name, files] of [
    ["train", train],
    ["test", test],
  ] as const) {
    const path = join(output, `cifar10_${name}_${backend}`);
    // Read before anything is written: they are small, and one may be missing.
    const batches = files.map(readBatch);
    const count = batches.reduce((sum, { length }) => sum + length / RECORD, 0);
    written += await writeDatabase(path, backend, records(batches), count, onProgress);
  }
  return written;
}

function readBatch(path: string): Uint8Array {
  const bytes = readBytes(path, "CIFAR file");
  if (bytes.length === 0 || bytes.length % RECORD !== 0) {
    throw new FormatError(
      `${path}: it has ${bytes.length} bytes. Expected ${RECORD} for each image; it is no CIFAR-10 file, or cut short.`,
    );
  }
  return bytes;
}

function* records(batches: readonly Uint8Array[]): Generator<[string, Uint8Array]> {
  let number = 0;
  for (const batch of batches) {
    for (let at = 0; at < batch.length; at += RECORD) {
      const datum = {
        channels: 3,
        height: SIDE,
        width: SIDE,
        data: batch.subarray(at + 1, at + RECORD),
        label: batch[at] ?? 0,
      };
      yield [String(number++).padStart(5, "0"), encodeDatum(datum)];
    }
  }
}
