import { join } from "node:path";
import { recordsOf } from "../io/db/records.ts";
import { writeFileAtomically } from "../io/files/atomic-file.ts";
import { fileExists, isDirectory, makeFolder } from "../io/files/file-system.ts";
import { readText } from "../io/files/read-file.ts";
import { ImageDecoder } from "../io/images/decode.ts";
import { encodeImage } from "../io/images/encode.ts";
import { imageOf, rasterOf } from "../io/images/raster.ts";
import type { Datum } from "../io/proto/datum.ts";
import { FormatError } from "../util/errors.ts";
import type { Picture, PictureSet } from "./picture.ts";

/** Whether a folder is a database: an LMDB, or a LevelDB. */
export function isDatabase(path: string): boolean {
  return isDirectory(path) && ["data.mdb", "CURRENT"].some((name) => fileExists(join(path, name)));
}

/** How a database's pictures become files. */
interface ExtractOptions {
  /** The folder that they are written to. */
  readonly folder: string;
  /** A file with a name for each label, one a line; else the classes are called by their labels. */
  readonly labels: string | undefined;
  /** Asked before each: throws to stop. */
  readonly check: () => void;
}

/**
 * Writes the pictures of a database to files: those that are image files there byte for byte, pixels as PNG.
 *
 * @returns them, in the order of their keys
 * @throws FileError, FormatError where the database or one of its records is damaged, holds floats or boxes, or a label has no
 *   name
 */
export async function extractPictures(
  database: string,
  { folder, labels, check }: ExtractOptions,
): Promise<PictureSet> {
  const names = labels === undefined ? undefined : namesOf(labels);
  const pictures: Picture[] = [];
  makeFolder(folder);
  for (const { key, datum, groups } of recordsOf(database)) {
    check();
    const where = `${database}: key "${key}"`;
    if (datum instanceof Error) throw new FormatError(`${where}: ${datum.message}`);
    if (groups !== undefined) {
      throw new FormatError(`${where}: it has boxes. Expected a database of images and labels.`);
    }
    const name = names === undefined ? String(datum.label) : names[datum.label];
    if (name === undefined) {
      throw new FormatError(
        `${where}: label ${datum.label} has no name in ${labels}. Expected a line for each label, that of 0 first.`,
      );
    }
    const { bytes, ending } = await fileOf(datum, where);
    const path = `${String(pictures.length).padStart(8, "0")}.${ending}`;
    writeFileAtomically(join(folder, path), [bytes]);
    pictures.push({ path, class: name });
  }
  if (pictures.length > 0) return { root: `${folder}/`, pictures };
  throw new FormatError(`${database}: it is empty. Expected images and labels.`);
}

function namesOf(file: string): string[] {
  const names = readText(file, "label file").split(/\r?\n/);
  while (names.at(-1)?.trim() === "") names.pop();
  return names;
}

/** What image files of these kinds begin with. */
const BEGINNINGS: readonly (readonly [ending: string, first: number])[] = [
  ["jpg", 0xff],
  ["png", 0x89],
];
const decoder = new ImageDecoder();

/** A record as an image file; what is neither JPEG nor PNG becomes PNG. */
async function fileOf(
  datum: Datum,
  where: string,
): Promise<{ readonly bytes: Uint8Array; readonly ending: string }> {
  const [ending] = BEGINNINGS.find(([, first]) => datum.encoded && datum.data[0] === first) ?? [];
  if (ending !== undefined) return { bytes: datum.data, ending };
  const raster = datum.encoded
    ? await decoder.decode(datum.data, "unchanged", where)
    : rasterOf(datum);
  const isPicture = raster.data instanceof Uint8Array && [1, 3].includes(raster.channels);
  if (isPicture) return { bytes: await encodeImage(imageOf(raster), "png"), ending: "png" };
  throw new FormatError(
    `${where}: it is ${raster.channels}×${raster.height}×${raster.width}${raster.data instanceof Uint8Array ? "" : " floats"}. Expected an image of one or three channels.`,
  );
}
