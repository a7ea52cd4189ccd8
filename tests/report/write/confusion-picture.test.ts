import sharp from "sharp";
import { expect, test } from "vitest";
import { pngOf } from "../../../src/draw/picture/png.ts";
import { confusionOf } from "../../../src/report/measures/confusion.ts";
import { confusionSvg } from "../../../src/report/write/confusion-picture.ts";

const HOSTILE = `</text><script>alert("1")</script>`;

test("few classes are named, and each cell has its number; names are text, and cut", async () => {
  const confusion = confusionOf([0, 0, 0, 1], [0, 0, 1, 1], 3);
  const names = [HOSTILE, "x".repeat(300), "\u0007none"];
  const { text } = await confusionSvg(confusion, names, "page");
  expect(text).not.toContain("<script>");
  expect(text).toContain("&lt;/text&gt;&lt;script&gt;");
  expect(text).toContain(`>${"x".repeat(21)}…</text>`);
  expect(text).toContain(": 2 (66.7 %)</title>");
  expect(text).not.toContain("\u0007");
  expect(text.match(/<rect [^>]*fill-opacity/g)).toHaveLength(3);
  expect(text).not.toMatch(/NaN|Infinity/);
});

test.each([41, 1000])("%i classes become a map of a picture", async (classes) => {
  const labels = Array.from({ length: classes }, (_, i) => i);
  const names = labels.map(String);
  const { text } = await confusionSvg(confusionOf(labels, labels, classes), names, "paper");
  expect(text).not.toMatch(/NaN|Infinity/);
  const png = sharp(await pngOf(text));
  const { width = 0, height = 0 } = await png.metadata();
  expect(Math.max(width, height)).toBeLessThan(2000);
  // Right is blue, along the diagonal: at the middle of the map.
  const middle = {
    left: Math.round(2 * (64 + 360)),
    top: Math.round(2 * (40 + 360)),
    width: 1,
    height: 1,
  };
  const [red = 0, , blue = 0] = await png.extract(middle).removeAlpha().raw().toBuffer();
  expect(blue).toBeGreaterThan(red + 50);
});
