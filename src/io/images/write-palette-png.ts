import { crc32, deflateSync } from "node:zlib";
import { CaffeError } from "../../util/errors.ts";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const [DEPTH, PALETTE] = [8, 3];
const MOST_COLOURS = 256;

/** Numbers of a palette's colours, one for each pixel, row by row. */
interface PaletteImage {
  readonly height: number;
  readonly width: number;
  readonly labels: ArrayLike<number>;
}

/**
 * A PNG whose pixels are numbers of a palette's colours, as PASCAL VOC has its masks: who looks at it sees colours, who reads it
 * the numbers.
 *
 * @param colourOf red, green and blue of a number, 0 to 255
 * @throws CaffeError where a number is beyond 255
 * @see PNG (ISO/IEC 15948), colour type 3
 */
export function writePalettePng(
  { height, width, labels }: PaletteImage,
  colourOf: (label: number) => readonly [number, number, number],
): Uint8Array {
  const lines = new Uint8Array((width + 1) * height);
  let most = 0;
  for (let y = 0, from = 0; y < height; y++) {
    // A line begins with its filter: none.
    for (let at = y * (width + 1) + 1, x = 0; x < width; x++, from++) {
      const label = labels[from] ?? 0;
      lines[at + x] = label;
      if (label > most) most = label;
    }
  }
  if (most >= MOST_COLOURS) {
    throw new CaffeError(
      `label ${most} is beyond a palette's ${MOST_COLOURS} colours. Expected 0 to 255.`,
    );
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([DEPTH, PALETTE], 8);
  const colours = Array.from({ length: most + 1 }, (_, label) => colourOf(label));
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", Uint8Array.from(colours.flat())),
    chunk("IDAT", deflateSync(lines)),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

/** Its length, its kind, its content, and the CRC of the last two. */
function chunk(kind: string, content: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(content.length + 12);
  bytes.writeUInt32BE(content.length, 0);
  bytes.write(kind, 4, "latin1");
  bytes.set(content, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, -4)), content.length + 8);
  return bytes;
}
