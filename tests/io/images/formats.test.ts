// Images of every kind, beside what OpenCV makes of them: decode.ts and the readers behind it.
import { describe, expect, test } from "vitest";
import { decodedShape, decodeImage, ImageDecoder } from "../../../src/io/images/decode.ts";
import { encodeImage } from "../../../src/io/images/encode.ts";
import { imageHeader } from "../../../src/io/images/header.ts";
import type { Raster } from "../../../src/io/images/raster.ts";
import { FormatError } from "../../../src/util/errors.ts";
import { damaged } from "../../fuzz/damage.ts";
import {
  bytesOf,
  formats,
  imageBytes,
  pixelsOf,
  runPython,
  systemPython,
} from "../../support/opencv.ts";

const decode = async (
  bytes: Uint8Array,
  mode: "color" | "gray" | "unchanged",
  name: string,
): Promise<Raster> => new ImageDecoder().decode(bytes, mode, name);

/** What OpenCV does not read, and this does: fewer bits in a TIFF, a bitmap's skips, masks within its header. */
const MORE = ["2.tif", "4.tif", "palette4.tif", "rle4-delta.bmp", "16-565-v4.bmp"];
/** What OpenCV reads, and this refuses. */
const FEWER = ["lab.tif", "ycbcr.tif"];

describe("an image of any kind is what OpenCV makes of it, to the bit", () => {
  const of = (name: string): boolean => !MORE.includes(name) && !FEWER.includes(name);
  test.each(formats.filter(({ name }) => of(name)).map((entry) => [entry.name, entry] as const))(
    "%s",
    async (name, entry) => {
      const bytes = bytesOf(entry.file);
      for (const mode of ["color", "gray", "unchanged"] as const) {
        const want = entry[mode];
        if (!want || (want.type?.startsWith("float") ?? false)) {
          const refused = decode(bytes, mode, name);
          await expect(refused, mode).rejects.toBeInstanceOf(FormatError);
          await expect(refused).rejects.toThrow(`Could not load ${name}: `);
          continue;
        }
        const raster = await decode(bytes, mode, name);
        const shape = [raster.channels, raster.height, raster.width];
        expect(decodedShape(imageHeader(bytes, name), mode)).toEqual(shape);
        // More than 8 bits are kept by OpenCV where it is asked for what is stored.
        if (want.type) continue;
        expect(shape, mode).toEqual(want.shape);
        expect(Buffer.from(pixelsOf(raster)), mode).toEqual(
          Buffer.from(want.pixels ?? "", "base64"),
        );
      }
    },
  );
});

describe("what OpenCV does not read", () => {
  const bytes = (name: string): Uint8Array =>
    bytesOf(formats.find((entry) => entry.name === name)?.file ?? "");
  const gray = async (name: string): Promise<number[]> => {
    const { data } = await decodeImage(bytes(name), false, name);
    return [...data];
  };

  test("is read where its meaning is plain", async () => {
    // Skipped pixels are of colour 0, and rows come from the bottom up.
    const colors = [9, 10, 9, 0, 0, 0, 0, 8, 9, 0, 7, 0, 0, 0, 0];
    const skipped = await gray("rle4-delta.bmp");
    expect(skipped).toEqual(colors.map((color) => skipped[colors.indexOf(color)]));
    expect(new Set(skipped).size).toBe(5);
    expect(await decodeImage(bytes("16-565-v4.bmp"), true, "x")).toEqual(
      await decodeImage(bytes("16-565.bmp"), true, "x"),
    );
    for (const value of await gray("4.tif")) expect(value % 17).toBe(0);
    for (const value of await gray("2.tif")) expect(value % 85).toBe(0);
  });

  test("and what it guesses at is refused", async () => {
    for (const name of FEWER) {
      await expect(decodeImage(bytes(name), true, name)).rejects.toThrow(
        /Could not load .*: a TIFF of 3 values of 8 bits a pixel, photometric interpretation [68]\. Expected grey/,
      );
    }
    await expect(decodeImage(bytes("float.tif"), true, "float.tif")).rejects.toThrow(
      "Could not load float.tif: a TIFF of 32-bit floats. Expected whole numbers of 8 or 16 bits",
    );
  });

  test.each([
    ["JPEG 2000", "0000000c6a5020200d0a870a00000014", "it is a JPEG 2000 image. Convert it"],
    ["a Sun raster", "59a66a95000000050000000300000018", "it is a Sun raster image. Convert it"],
    ["HDR", Buffer.from("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n").toString("hex"), "a Radiance HDR"],
    ["EXR", "762f31010200000063686e6c", "it is an OpenEXR image. Convert it"],
    ["PAM", Buffer.from("P7\nWIDTH 5\n").toString("hex"), "it is a PAM image"],
    ["PFM", Buffer.from("PF\n5 3\n-1.0\n").toString("hex"), "it is a PFM image"],
    ["HEIF", "000000186674797068656963", "it is a HEIF image"],
    ["AVIF", "0000001c6674797061766966", "it is an AVIF image"],
    ["SVG", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>').toString("hex"), "an SVG"],
    ["a page", Buffer.from("<!DOCTYPE html><html>").toString("hex"), "it is a web page"],
    [
      "a pointer",
      Buffer.from("version https://git-lfs.github.com/spec/v1\noid sha256:0\n").toString("hex"),
      "it is a Git LFS pointer, not the file itself. Run git lfs pull",
    ],
    ["nothing", "", "it is empty"],
  ])("is named: %s", async (_, hex, message) => {
    const refused = decodeImage(Buffer.from(hex, "hex"), true, "x");
    await expect(refused).rejects.toThrow(`Could not load x: ${message}`.slice(0, 17));
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(
      "Expected a JPEG, PNG, BMP, GIF, TIFF, WebP, PBM, PGM or PPM",
    );
  });
});

test("damaged images of every kind end in pixels or a FormatError", async () => {
  const readable = formats.filter(({ name, color }) => color && !FEWER.includes(name));
  let refused = 0;
  for (let number = 0; number < 4 * readable.length; number++) {
    const { name, file } = readable[number % readable.length]!;
    const bytes = damaged(Buffer.from(file, "base64"), 15, number);
    try {
      const { data, channels, height, width } = await decodeImage(bytes, true, name);
      expect(data.length).toBe(channels * height * width);
    } catch (error) {
      expect(error, `${name}, number ${number}: ${(error as Error).stack}`).toBeInstanceOf(
        FormatError,
      );
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(readable.length);
});

describe("beside OpenCV", () => {
  const python = systemPython("cv2", "numpy");

  test.skipIf(!python)(
    "bitmaps and Netpbm images are written byte by byte as it does",
    async () => {
      const program = `
import cv2, numpy as np, base64, json
gray, color = np.arange(15, dtype=np.uint8).reshape(3, 5), np.arange(45, dtype=np.uint8).reshape(3, 5, 3)
made = [cv2.imencode(kind, image)[1] for kind, image in ((".bmp", gray), (".bmp", color), (".pgm", gray), (".ppm", color))]
print(json.dumps([base64.b64encode(data.tobytes()).decode() for data in made]))`;
      const made = JSON.parse(runPython(python ?? "", program).toString()) as string[];
      const size = { height: 3, width: 5 };
      const gray = { ...size, channels: 1, data: Uint8Array.from({ length: 15 }, (_, i) => i) };
      const color = {
        ...{ ...size, channels: 3 },
        data: Uint8Array.from({ length: 45 }, (_, i) => 3 * (i % 15) + Math.floor(i / 15)),
      };
      const own = [
        await encodeImage(gray, "bmp"),
        await encodeImage(color, "bmp"),
        await encodeImage(gray, "pgm"),
        await encodeImage(color, "ppm"),
      ];
      expect(own.map((bytes) => Buffer.from(bytes).toString("base64"))).toEqual(made);
    },
  );

  test.skipIf(!python)("LZW and Deflate with long codes, and strips, are undone", async () => {
    const program = `
import cv2, numpy as np, sys, base64, json
random = np.random.default_rng(3)
out = []
for kind in (np.uint8, np.uint16):
    for code in (5, 8, 32773):
        for step in (1, 40):
            image = (random.integers(0, np.iinfo(kind).max + 1, (150, 210, 3)) // step * step).astype(kind)
            _, data = cv2.imencode(".tif", image, [cv2.IMWRITE_TIFF_COMPRESSION, code])
            color = cv2.imdecode(data, cv2.IMREAD_COLOR)
            out.append([base64.b64encode(x.tobytes()).decode() for x in (data, color)])
print(json.dumps(out))`;
    const made = JSON.parse(runPython(python ?? "", program).toString()) as [string, string][];
    expect(made.length).toBe(12);
    for (const [file, color] of made) {
      const raster = await decode(bytesOf(file), "color", "x.tif");
      expect(Buffer.from(pixelsOf(raster)).equals(Buffer.from(color, "base64"))).toBe(true);
    }
  });
});

test("the pixels of a large colour image of text, and of bits, are where they belong", async () => {
  const head = Buffer.from("P3\n# a comment\n2 2 255\n");
  const text = Buffer.concat([head, Buffer.from("1 2 3  4 5 6\n7 8 9 #end\n10 11 12")]);
  const { data } = await decodeImage(text, true, "x.ppm");
  expect([...data]).toEqual([3, 6, 9, 12, 2, 5, 8, 11, 1, 4, 7, 10]);
  const bits = Buffer.concat([Buffer.from("P4 9 2\n"), Buffer.of(0xff, 0x80, 0x00, 0x00)]);
  const black = await decodeImage(bits, false, "x.pbm");
  expect([...black.data]).toEqual([...new Array(9).fill(0), ...new Array(9).fill(255)]);
});

test("a small text that claims many pixels is refused before there is memory for them", async () => {
  const bomb = Buffer.from("P3 10000 10000 255\n1 2 3");
  const before = process.memoryUsage().arrayBuffers;
  await expect(decodeImage(bomb, true, "x.ppm")).rejects.toThrow("it has 24 bytes. Expected");
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10 * 2 ** 20);
  expect(() => imageHeader(Buffer.from("P6 60000 60000 255\n"), "x.ppm")).toThrow(
    "it is 60000×60000. Expected 134217728 pixels at most",
  );
  expect(imageHeader(imageBytes("rgb.bmp"), "x").channels).toBe(3);
});
