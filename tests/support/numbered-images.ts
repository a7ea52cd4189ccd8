import { writeDatabase } from "../../src/io/convert/write-database.ts";
import { encodeDatum } from "../../src/io/proto/datum.ts";

/** Height and width of the images. */
export const SIDE = 6;

/** A grey image like no other, by its number. */
export const numberedImage = (number: number): Uint8Array =>
  Uint8Array.from({ length: SIDE * SIDE }, (_, i) => (number * 37 + i * i * 11) % 251);

/** Writes an LMDB of images with these numbers and labels. */
export async function writeNumbered(
  path: string,
  images: readonly (readonly [number: number, label: number])[],
): Promise<void> {
  const records = images.map(([number, label], i): [string, Uint8Array] => {
    const data = numberedImage(number);
    const datum = { channels: 1, height: SIDE, width: SIDE, data, label };
    return [String(i).padStart(8, "0"), encodeDatum(datum)];
  });
  await writeDatabase(path, "lmdb", records, records.length);
}
