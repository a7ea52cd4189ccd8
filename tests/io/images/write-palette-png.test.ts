import sharp from "sharp";
import { expect, test } from "vitest";
import { palettePng } from "../../../src/io/images/palette-png.ts";
import { writePalettePng } from "../../../src/io/images/write-palette-png.ts";

const COLOURS = [
  [0, 0, 0],
  [128, 0, 0],
  [0, 128, 7],
] as const;
const colourOf = (label: number): readonly [number, number, number] => COLOURS[label] ?? [9, 9, 9];

test("numbers come back as they were, and others see their colours", async () => {
  const labels = Uint16Array.of(0, 1, 2, 2, 1, 0);
  const bytes = writePalettePng({ height: 2, width: 3, labels }, colourOf);
  expect([...(palettePng(bytes, "a mask")?.data ?? [])]).toEqual([...labels]);
  const { data, info } = await sharp(bytes)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height, info.channels]).toEqual([3, 2, 3]);
  expect([...data]).toEqual([...labels].flatMap((label) => [...colourOf(label)]));
});

test("the last number that a byte holds is written, and one more is refused", () => {
  const labels = Uint16Array.of(255);
  const bytes = writePalettePng({ height: 1, width: 1, labels }, colourOf);
  expect(palettePng(bytes, "a mask")?.data[0]).toBe(255);
  expect(() => writePalettePng({ height: 1, width: 1, labels: [256] }, colourOf)).toThrow(
    "label 256 is beyond a palette's 256 colours",
  );
});
