import { deflateSync } from "node:zlib";
import sharp, { type Sharp } from "sharp";
import { describe, expect, test } from "vitest";
import { ImageDecoder } from "../../../src/io/images/decode.ts";
import { decodeLabels } from "../../../src/io/images/label-image.ts";
import { imageOf } from "../../../src/io/images/raster.ts";

const [WIDTH, HEIGHT] = [13, 7];
const COLOURS = [
  [0, 0, 0],
  [128, 0, 0],
  [0, 128, 0],
  [128, 128, 128],
] as const;
const CLASSES = Array.from({ length: WIDTH * HEIGHT }, (_, i) => (i * i + (i >> 3)) % 4);

/** A chunk without its checksum, which nothing here reads. */
const chunk = (kind: string, content: Uint8Array): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, Buffer.from(kind), content, Buffer.alloc(4)]);
};

/** A PNG with a palette, its rows filtered by turns. */
function palettePng(depth: 1 | 2 | 4 | 8, interlace = 0): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(WIDTH, 0);
  header.writeUInt32BE(HEIGHT, 4);
  header.set([depth, 3, 0, 0, interlace], 8);
  const bytes = Math.ceil((WIDTH * depth) / 8);
  const rows = Array.from({ length: HEIGHT }, (_, y) => {
    const row = new Uint8Array(bytes);
    for (let x = 0; x < WIDTH; x++) {
      const number = (CLASSES[y * WIDTH + x] ?? 0) % 2 ** depth;
      const at = Math.floor((x * depth) / 8);
      row[at] = (row[at] ?? 0) | (number << (8 - depth - ((x * depth) % 8)));
    }
    return row;
  });
  const lines = rows.map((row, y) => {
    const above = rows[y - 1] ?? new Uint8Array(bytes);
    const filtered = row.map((value, x) => {
      const [a, b, c] = [row[x - 1] ?? 0, above[x] ?? 0, above[x - 1] ?? 0];
      const p = a + b - c;
      const [pa, pb, pc] = [Math.abs(p - a), Math.abs(p - b), Math.abs(p - c)];
      const paeth = pa <= pb && pa <= pc ? a : pb <= pc ? b : c;
      return value - ([0, a, b, Math.floor((a + b) / 2), paeth][y % 5] ?? 0);
    });
    return Buffer.from([y % 5, ...filtered]);
  });
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("PLTE", Uint8Array.from(COLOURS.flat())),
    chunk("IDAT", deflateSync(Buffer.concat(lines))),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

const read = async (bytes: Uint8Array): Promise<number[]> => {
  const raster = await decodeLabels(bytes, new ImageDecoder(), "mask");
  expect([raster.channels, raster.height, raster.width]).toEqual([1, HEIGHT, WIDTH]);
  return [...imageOf(raster).data];
};

const pixels = (of: (label: number) => readonly number[]): Sharp => {
  const channels = of(0).length === 1 ? 1 : 3;
  const data = Uint8Array.from(CLASSES.flatMap(of));
  return sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels } });
};

describe("a label image", () => {
  test.each([1, 2, 4, 8] as const)("of a palette of %i bits gives its numbers", async (depth) => {
    const wanted = CLASSES.map((label) => label % 2 ** depth);
    expect(await read(palettePng(depth))).toEqual(wanted);
  });

  test("of a palette another program wrote gives numbers that stand for its colours", async () => {
    const png = await pixels((label) => COLOURS[label] ?? [])
      .png({ palette: true, dither: 0, adaptiveFiltering: true })
      .toBuffer();
    const start = png.indexOf("PLTE") + 4;
    const numbers = await read(png);
    const colours = numbers.flatMap((k) => [...png.subarray(start + 3 * k, start + 3 * k + 3)]);
    expect(colours).toEqual(CLASSES.flatMap((label) => COLOURS[label] ?? []));
  });

  test("in greys gives them: one channel, three that are alike, and a palette of greys", async () => {
    const wanted = CLASSES.map((label) => 10 * label);
    const one = pixels((label) => [10 * label]).toColourspace("b-w");
    expect(await read(await one.png().toBuffer())).toEqual(wanted);
    const three = pixels((label) => [10 * label, 10 * label, 10 * label]);
    expect(await read(await three.png().toBuffer())).toEqual(wanted);
    expect(await read(await three.png({ palette: true, dither: 0 }).toBuffer())).toEqual(wanted);
  });

  test("in colours is an error, and so is a palette that is interlaced or cut short", async () => {
    const coloured = await pixels((label) => COLOURS[label] ?? [])
      .png()
      .toBuffer();
    const why = async (bytes: Uint8Array): Promise<string> =>
      read(bytes).then(
        () => "",
        (error: Error) => error.message,
      );
    expect(await why(coloured)).toMatch(
      /mask: pixel \(1, 0\) is of colour 128, 0, 0, which says no class/,
    );
    expect(await why(palettePng(8, 1))).toContain("interlaced");
    const whole = palettePng(8);
    const cut = Buffer.concat([
      whole.subarray(0, whole.indexOf("IDAT") + 14),
      chunk("IEND", new Uint8Array(0)),
    ]);
    expect(await why(cut)).toContain("Could not load mask: the PNG is damaged or cut short");
  });
});
