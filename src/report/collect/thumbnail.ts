import { readBytes } from "../../io/files/read-file.ts";
import { decodeImage } from "../../io/images/decode.ts";
import { encodeImage } from "../../io/images/encode.ts";
import { imageOf, planar, type Raster } from "../../io/images/raster.ts";
import { loadSharp } from "../../io/images/sharp.ts";
import type { SourceRecords } from "../../io/loaders/source-records.ts";

/** The greatest side of a small picture. */
const SIDE = 208;
/** Pictures up to this are shown by their pixels. */
const SMALL = 64;

/** A picture that is small enough to stand within a page. */
export interface Thumbnail {
  /** Its address: data, not a file. */
  readonly source: string;
  /** Whether it has so few pixels that they are seen as squares. */
  readonly isSmall: boolean;
  /** Of the whole picture, in pixels. */
  readonly width: number;
  readonly height: number;
}

/** A small form of a picture of one channel, three or four; undefined of anything else. */
async function thumbnailOf(raster: Raster): Promise<Thumbnail | undefined> {
  const { channels, height, width } = raster;
  if (![1, 3, 4].includes(channels) || height * width < 2) return undefined;
  const sharp = await loadSharp();
  const whole = sharp(await encodeImage(imageOf(inBytes(raster)), "png"));
  const isSmall = Math.max(height, width) <= SMALL;
  const [kind, bytes] = isSmall
    ? (["png", await whole.png().toBuffer()] as const)
    : ([
        "jpeg",
        await whole
          .resize(SIDE, SIDE, { fit: "inside", withoutEnlargement: true })
          .flatten({ background: "white" })
          .jpeg({ quality: 82 })
          .toBuffer(),
      ] as const);
  return {
    source: `data:image/${kind};base64,${bytes.toString("base64")}`,
    isSmall,
    width,
    height,
  };
}

/** Pixels as bytes: numbers of any range are stretched to it. */
function inBytes(raster: Raster): Raster {
  const { data, channels, height, width } = raster;
  if (data instanceof Uint8Array) return raster;
  const known = data.filter(Number.isFinite);
  let [least, most] = [Infinity, -Infinity];
  for (const value of known) [least, most] = [Math.min(least, value), Math.max(most, value)];
  const bytes = Uint8Array.from(data, (value) => (255 * (value - least)) / (most - least || 1));
  // Numbers lie channel by channel.
  return planar(bytes, channels, height, width);
}

/**
 * That of an image's file.
 * @throws FileError, FormatError where it cannot be read
 */
export async function thumbnailOfFile(file: string): Promise<Thumbnail | undefined> {
  const { data, channels, height, width } = await decodeImage(readBytes(file, "image"), true, file);
  return thumbnailOf(planar(data, channels, height, width));
}

/** That of a record's picture; undefined where its source has none. */
export async function thumbnailAt(
  records: SourceRecords | undefined,
  position: number,
): Promise<Thumbnail | undefined> {
  const raster = await records?.picture(position);
  return raster && thumbnailOf(raster);
}

/** A record as a page shows it. */
export interface ShownPicture {
  /** Undefined where its source has no picture, or that is not wanted. */
  readonly picture: Thumbnail | undefined;
  /** What it is called; by its number where its source has no names. */
  readonly name: string;
}

/** The record at that place of its source, its picture too unless that is not wanted. */
export async function shownAt(
  records: SourceRecords | undefined,
  position: number,
  isPictured = true,
): Promise<ShownPicture> {
  const picture = isPictured ? await thumbnailAt(records, position) : undefined;
  return { picture, name: records?.name(position) || `record ${position}` };
}
