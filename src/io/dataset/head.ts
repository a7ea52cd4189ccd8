import { join } from "node:path";
import { FormatError } from "../../util/errors.ts";
import { recordsOf } from "../db/records.ts";
import { writeFileAtomically } from "../files/atomic-file.ts";
import { makeFolder } from "../files/file-system.ts";
import { ImageDecoder } from "../images/decode.ts";
import { encodeImage } from "../images/encode.ts";
import type { Image } from "../images/image.ts";
import { imageOf, planar, type Raster, rasterOf } from "../images/raster.ts";
import type { Annotation } from "../proto/annotated-datum.ts";
import type { Datum } from "../proto/datum.ts";

/** A record, and the picture that was made of it. */
interface PicturedRecord {
  readonly key: string;
  readonly label: number;
  /** How many boxes are marked in it; undefined where it has a label of its own. */
  readonly boxes: number | undefined;
  readonly shape: readonly [number, number, number];
  readonly path: string;
}

/**
 * Writes the first records of a database as PNG files, named by number and label. Channels that are not 1, 3 or 4
 * become grey pictures below each other, and floats are stretched to 0 to 255. Boxes are drawn in red.
 *
 * @throws FileError, FormatError where a record is damaged, or a file cannot be written
 */
export async function writeHead(
  database: string,
  folder: string,
  count: number,
): Promise<PicturedRecord[]> {
  const decoder = new ImageDecoder();
  const written: PicturedRecord[] = [];
  makeFolder(folder);
  for (const { key, datum, groups } of recordsOf(database)) {
    if (written.length === count) break;
    if (datum instanceof Error)
      throw new FormatError(`${database}: key "${key}": ${datum.message}`);
    const raster = datum.encoded
      ? await decoder.decode(datum.data, "unchanged", `${database}: key "${key}"`)
      : bytesOf(datum);
    const { channels, height, width } = raster;
    const number = String(written.length).padStart(4, "0");
    const path = join(folder, groups ? `${number}.png` : `${number}_label_${datum.label}.png`);
    const image = imageOf(pictured(raster));
    const boxes = groups?.flatMap(({ annotations }) => annotations);
    for (const { box } of boxes ?? []) frame(image, box);
    writeFileAtomically(path, [await encodeImage(image, "png")]);
    const shape = [channels, height, width] as const;
    written.push({ key, label: datum.label, boxes: boxes?.length, shape, path });
  }
  return written;
}

/** Pixels of a record that is not encoded; floats between their least and greatest. */
function bytesOf(datum: Datum): Raster {
  const raster = rasterOf(datum);
  if (raster.data instanceof Uint8Array) return raster;
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of raster.data) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  const scale = 255 / (greatest - least || 1);
  const bytes = Uint8Array.from(raster.data, (value) => Math.round((value - least) * scale));
  return { ...raster, data: bytes };
}

function pictured(raster: Raster): Raster {
  const { channels, height, width } = raster;
  if ([1, 3, 4].includes(channels)) return raster;
  return planar(imageOf(raster).data, 1, channels * height, width);
}

/** Draws the edges of a box, which are shares of the image's sides, in red, or white in a grey image. */
function frame({ channels, height, width, data }: Image, box: Annotation["box"]): void {
  const place = (share: number, length: number): number =>
    Math.min(Math.max(Math.round(share * length), 0), length - 1);
  const [left, right] = [place(box[0], width), place(box[2], width)];
  const [top, bottom] = [place(box[1], height), place(box[3], height)];
  const paint = (y: number, x: number): void => {
    // Channels come blue first.
    for (let c = 0; c < channels; c++) {
      data[(c * height + y) * width + x] = channels < 3 || c >= 2 ? 255 : 0;
    }
  };
  for (let x = left; x <= right; x++) for (const y of [top, bottom]) paint(y, x);
  for (let y = top; y <= bottom; y++) for (const x of [left, right]) paint(y, x);
}
