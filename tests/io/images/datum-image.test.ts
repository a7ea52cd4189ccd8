import { describe, expect, test } from "vitest";
import { datumShape, pixelsOf } from "../../../src/io/images/datum-image.ts";
import { ImageDecoder } from "../../../src/io/images/decode.ts";
import { encodeImage } from "../../../src/io/images/encode.ts";
import type { Datum } from "../../../src/io/proto/datum.ts";
import { FormatError } from "../../../src/util/errors.ts";

const none = { label: 0, floatData: undefined, encoded: false };
const bytes: Datum = {
  ...none,
  channels: 3,
  height: 1,
  width: 2,
  data: Uint8Array.of(1, 2, 3, 4, 5, 6),
};
const decoder = new ImageDecoder();

describe("a record of pixels", () => {
  test("has its own shape and pixels, whatever becomes of the colours of those that are encoded", () => {
    for (const mode of ["color", "gray", "unchanged"] as const) {
      expect(datumShape(bytes, mode)).toEqual([3, 1, 2]);
      expect(pixelsOf(bytes, decoder, mode)).toMatchObject({ channels: 3, data: bytes.data });
    }
  });

  test("may hold floats", () => {
    const floatData = Float32Array.of(0.5, Number.NaN);
    const floats = { ...bytes, channels: 1, data: new Uint8Array(0), floatData };
    expect(datumShape(floats, "unchanged")).toEqual([1, 1, 2]);
    expect(pixelsOf(floats, decoder, "unchanged")).toMatchObject({ data: floatData });
  });

  test("is refused where it holds more or fewer values than its size says", () => {
    for (const wrong of [
      { ...bytes, width: 3 },
      { ...bytes, channels: 0 },
    ]) {
      expect(() => datumShape(wrong, "unchanged")).toThrow(FormatError);
      expect(() => pixelsOf(wrong, decoder, "unchanged")).toThrow(FormatError);
    }
  });
});

describe("a record of an image file", () => {
  const image = async (): Promise<Datum> => ({
    ...{ ...none, channels: 0, height: 0, width: 0, encoded: true },
    data: await encodeImage({ ...bytes }, "bmp"),
  });

  test("has the shape that its colours leave, and is decoded so", async () => {
    const datum = await image();
    for (const [mode, channels] of [
      ["color", 3],
      ["gray", 1],
      ["unchanged", 3],
    ] as const) {
      expect(datumShape(datum, mode)).toEqual([channels, 1, 2]);
      expect(await pixelsOf(datum, decoder, mode)).toMatchObject({ channels, height: 1, width: 2 });
    }
  });

  test("is refused where it is cut short, and named in the error", async () => {
    const datum = await image();
    const cut = { ...datum, data: datum.data.subarray(0, datum.data.length - 4) };
    expect(() => pixelsOf(cut, decoder, "color")).toThrow("Could not load its image");
    expect(() => datumShape({ ...cut, data: Uint8Array.of(1) }, "color")).toThrow(FormatError);
  });
});
