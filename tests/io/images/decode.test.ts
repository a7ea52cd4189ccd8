import { describe, expect, test } from "vitest";
import { imagesAddon } from "../../../src/io/images/addon.ts";
import { decodedShape, decodeImage, ImageDecoder } from "../../../src/io/images/decode.ts";
import { imageHeader } from "../../../src/io/images/header.ts";
import { FormatError } from "../../../src/util/errors.ts";
import { bytesOf, decoded, imageBytes, pixelsOf } from "../../support/opencv.ts";

describe("an image is what OpenCV makes of it, to the bit", () => {
  test.each(decoded.map((want) => [want.name, want.mode, want] as const))(
    "%s, %s",
    async (name, mode, want) => {
      const bytes = imageBytes(name);
      const raster = await new ImageDecoder().decode(bytes, mode, name);
      expect([raster.channels, raster.height, raster.width]).toEqual(want.shape);
      expect(decodedShape(imageHeader(bytes, name), mode)).toEqual(want.shape);
      const got = pixelsOf(raster);
      const pixels = bytesOf(want.pixels);
      const worst = got.reduce((most, value, i) => Math.max(most, Math.abs(value - pixels[i]!)), 0);
      // There 16 bits become grey before they become 8, here after: the last bit may differ.
      expect(worst).toBeLessThanOrEqual(name === "rgb16.png" && mode === "gray" ? 1 : 0);
    },
  );

  test("through libjpeg-turbo where that is built, which it is here", () => {
    expect(imagesAddon()).toBeDefined();
    const raster = new ImageDecoder().decode(imageBytes("420.jpg"), "color", "420.jpg");
    expect(raster).not.toBeInstanceOf(Promise);
  });
});

describe("what is no whole image is refused", () => {
  const cut = (name: string, share: number): Uint8Array => {
    const bytes = imageBytes(name);
    return bytes.subarray(0, Math.floor(bytes.length * share));
  };
  test.each([
    ["a JPEG cut in half", cut("420.jpg", 0.5), "Could not load x: "],
    ["a JPEG without its last bytes", cut("420.jpg", 0.9), "Could not load x: Premature end"],
    [
      "a JPEG cut in its head",
      cut("420.jpg", 0.02),
      "it is a JPEG image that is damaged in its head",
    ],
    ["a PNG cut in half", cut("rgb.png", 0.5), "Could not load x: "],
    ["a bitmap cut in half", cut("rgb.bmp", 0.5), "Could not load x: a bitmap of 13×19"],
    ["a bitmap's first bytes", cut("rgb.bmp", 0.05), "it does not begin as an image does"],
    ["text", new TextEncoder().encode("no image, though it is long"), "Expected a JPEG, PNG"],
    ["nothing", new Uint8Array(0), "it is empty"],
  ])("%s", async (_, bytes, message) => {
    await expect(decodeImage(bytes, true, "x")).rejects.toThrow(message);
    await expect(decodeImage(bytes, true, "x")).rejects.toBeInstanceOf(FormatError);
  });

  test("a small file that asks for all of the memory, before any pixel is decoded", async () => {
    const png = Uint8Array.from(imageBytes("rgb.png"));
    new DataView(png.buffer).setUint32(16, 60_000);
    new DataView(png.buffer).setUint32(20, 60_000);
    await expect(decodeImage(png, true, "bomb.png")).rejects.toThrow(
      "Could not load bomb.png: it is 60000×60000. Expected 134217728 pixels at most",
    );
    const jpeg = Uint8Array.from(imageBytes("gray.jpg"));
    const frame = jpeg.findIndex((byte, i) => byte === 0xff && jpeg[i + 1] === 0xc0);
    jpeg.set([0xff, 0xff, 0xff, 0xff], frame + 5);
    await expect(decodeImage(jpeg, true, "bomb.jpg")).rejects.toThrow("it is 65535×65535");
  });
});

test("an image decoded alone is channel by channel", async () => {
  const { data, ...size } = await decodeImage(imageBytes("rgb.png"), true, "rgb.png");
  expect(size).toEqual({ channels: 3, height: 13, width: 19 });
  const want = decoded.find(({ name, mode }) => name === "rgb.png" && mode === "color");
  const pixels = bytesOf(want?.pixels ?? "");
  expect([data[0], data[13 * 19], data[2 * 13 * 19]]).toEqual([...pixels.subarray(0, 3)]);
});
