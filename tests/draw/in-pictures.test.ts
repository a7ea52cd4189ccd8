import { expect, test } from "vitest";
import { drawDetections, drawSegmentation, labelColours } from "../../src/draw/in-pictures.ts";
import { boxColour, mapColour } from "../../src/draw/palette.ts";
import type { FloatImage } from "../../src/float-images/float-image.ts";

const plain = (height: number, width: number, channels: number, value: number): FloatImage => ({
  shape: [height, width, channels],
  data: new Float32Array(height * width * channels).fill(value),
});
const at = ({ shape: [, width], data }: FloatImage, x: number, y: number): number[] =>
  [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)].map((v) => Math.round(255 * v));
const thing = { label: 3, name: "dog", score: 0.9 };

test("boxes have their class's colour and a tag above them, or within where there is no room", async () => {
  const picture = plain(200, 300, 1, 0.2);
  const colour = [...boxColour(3)];
  const low = await drawDetections(picture, [
    { ...thing, box: { xmin: 100, ymin: 80, xmax: 200, ymax: 160 } },
  ]);
  expect(low.shape).toEqual([200, 300, 3]);
  expect(at(low, 150, 160)).toEqual(colour);
  expect(at(low, 150, 120)).toEqual([51, 51, 51]);
  expect(at(low, 101, 78)).toEqual(colour);
  const high = await drawDetections(picture, [
    { ...thing, box: { xmin: 0, ymin: 0, xmax: 200, ymax: 160 } },
  ]);
  expect(at(high, 2, 9)).toEqual(colour);
  expect(at(high, 2, 30)).toEqual([51, 51, 51]);
});

test("the best lies in front, and names are no markup", async () => {
  const box = { xmin: 20, ymin: 40, xmax: 80, ymax: 90 };
  const drawn = await drawDetections(plain(100, 100, 3, 0), [
    { ...thing, box },
    { label: 5, name: "<cat> & \u0001dog", score: 0.1, box },
  ]);
  expect(at(drawn, 50, 90)).toEqual([...boxColour(3)]);
  expect(await drawDetections(plain(4, 4, 3, 1), [])).toEqual(plain(4, 4, 3, 1));
  await expect(drawDetections(plain(4, 4, 2, 1), [])).rejects.toThrow(
    "2 channels. Expected 1 or 3",
  );
});

test("pixels have the colours of their classes, VOC's or those of a palette; black covers nothing", async () => {
  expect([1, 2, 3, 15, 20, 255].map(mapColour)).toEqual([
    [128, 0, 0],
    [0, 128, 0],
    [128, 128, 0],
    [192, 128, 128],
    [0, 64, 128],
    [224, 224, 192],
  ]);
  const labels = Uint16Array.from({ length: 10_000 }, (_, i) => (i < 5000 ? 0 : 2));
  const map = { height: 100, width: 100, labels, classes: [] };
  const picture = plain(100, 100, 3, 1);
  const mixed = await drawSegmentation(picture, map, { share: 0.25 });
  expect(at(mixed, 50, 10)).toEqual([255, 255, 255]);
  expect(at(mixed, 50, 60)).toEqual([191, 223, 191]);
  expect(at(labelColours(map, [[9, 8, 7]]), 0, 0)).toEqual([9, 8, 7]);
  expect(at(labelColours(map, [[9, 8, 7]]), 0, 99)).toEqual([0, 128, 0]);
  await expect(drawSegmentation(plain(50, 100, 3, 1), map)).rejects.toThrow(
    "a map of 100×100 for a picture of 50×100",
  );
});

test("colours of neighbouring classes are told apart", () => {
  for (let label = 0; label < 90; label++) {
    const [a, b] = [boxColour(label), boxColour(label + 1)];
    const apart = a.reduce((sum, value, c) => sum + Math.abs(value - (b[c] ?? 0)), 0);
    expect(apart).toBeGreaterThan(150);
    expect(Math.max(...a)).toBeLessThanOrEqual(255);
    expect(Math.min(...a)).toBeGreaterThanOrEqual(0);
  }
});
