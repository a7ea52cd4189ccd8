import { writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import type { FloatImage } from "../../src/float-images/float-image.ts";
import { io } from "../../src/index.ts";
import { noise } from "../support/nets.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();

/** 2×3 pixels: the first row red, green, blue; the second black, grey, white. */
const rgb = [255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 51, 51, 51, 255, 255, 255];
const file = join(folder, "small.png");
await sharp(Uint8Array.from(rgb), { raw: { width: 3, height: 2, channels: 3 } }).toFile(file);

const ramp = (height: number, width: number, channels = 1): FloatImage => ({
  shape: [height, width, channels],
  data: Float32Array.from({ length: height * width * channels }, (_, i) => i),
});

test("an image is read as rows of pixels, red first, from 0 to 1", async () => {
  const image = await io.loadImage(file);
  expect(image.shape).toEqual([2, 3, 3]);
  expect(image.data).toBeAllClose(rgb.map((value) => value / 255));
  const grey = await io.loadImage(file, false);
  expect(grey.shape).toEqual([2, 3, 1]);
  expect(grey.data).toBeAllClose([76, 149, 29, 0, 51, 255].map((value) => value / 255));
});

test("an image that is saved is read again, values outside [0, 1] clipped", async () => {
  const path = join(folder, "saved.png");
  await io.saveImage(path, { shape: [1, 2, 1], data: Float32Array.of(-1, 2) });
  expect((await io.loadImage(path, false)).data).toBeAllClose([0, 1]);
  await expect(io.saveImage(path, ramp(1, 1, 2))).rejects.toThrow("Expected 1 or 3 channels");
  await expect(io.saveImage(join(folder, "none", "x.png"), ramp(1, 1))).rejects.toThrow(
    "cannot be written",
  );
});

test("what is no image is said", async () => {
  const path = join(folder, "text.png");
  writeFileSync(path, "no image");
  await expect(io.loadImage(path)).rejects.toThrow("does not begin as an image does");
  await expect(io.loadImage(join(folder, "none.png"))).rejects.toThrow("no such file");
});

test("resizing interpolates between pixel centres", () => {
  expect(io.resizeImage(ramp(1, 2), 1, 4).data).toBeAllClose([0, 0.25, 0.75, 1]);
  expect(io.resizeImage(ramp(2, 2), 1, 1).data).toBeAllClose([1.5]);
  const same = ramp(2, 3, 3);
  expect(io.resizeImage(same, 2, 3)).toBe(same);
  expect(io.resizeImage(ramp(4, 4, 3), 2, 2).data).toBeAllClose([
    7.5, 8.5, 9.5, 13.5, 14.5, 15.5, 31.5, 32.5, 33.5, 37.5, 38.5, 39.5,
  ]);
});

test("images are cropped and mirrored", () => {
  const cut = io.cropImage(ramp(3, 3), { top: 1, left: 0, bottom: 3, right: 2 });
  expect([...cut.data]).toEqual([3, 4, 6, 7]);
  expect([...io.mirrorImage(ramp(1, 2, 2)).data]).toEqual([2, 3, 0, 1]);
  expect(() => io.cropImage(ramp(3, 3), { top: 0, left: 0, bottom: 4, right: 1 })).toThrow(
    "Expected a box within it",
  );
});

test("oversampling gives corners, centre, and the same mirrored", () => {
  const crops = io.oversample([ramp(3, 4)], [1, 2]);
  expect(crops.map(({ data }) => [...data])).toEqual([
    [0, 1],
    [2, 3],
    [8, 9],
    [10, 11],
    [5, 6],
    [1, 0],
    [3, 2],
    [9, 8],
    [11, 10],
    [6, 5],
  ]);
  expect(() => io.oversample([ramp(1, 1)], [2, 2])).toThrow("Expected a box within it");
});

test("a transformer resizes, swaps, scales and subtracts, and goes back", () => {
  const image: FloatImage = {
    shape: [2, 2, 3],
    data: Float32Array.from(noise(12), (value) => (value + 1) / 2),
  };
  const transformer = new io.Transformer([1, 3, 2, 2], {
    channelSwap: [2, 1, 0],
    rawScale: 255,
    mean: [1, 2, 3],
    inputScale: 0.5,
  });
  const input = transformer.preprocess(image);
  expect(input.shape).toEqual([3, 2, 2]);
  const at = (y: number, x: number, c: number): number => image.data[(y * 2 + x) * 3 + c] ?? 0;
  expect(input.data[0]).toBeCloseTo((at(0, 0, 2) * 255 - 1) * 0.5, 4);
  expect(input.data[11]).toBeCloseTo((at(1, 1, 0) * 255 - 3) * 0.5, 4);
  expect(transformer.deprocess(input).data).toBeAllClose(image.data);
  expect(transformer.deprocess({ ...input, shape: [1, 3, 2, 2] }).data).toBeAllClose(image.data);
});

test("a mean image is subtracted pixel by pixel, and resized where it has another size", () => {
  const image = ramp(2, 2);
  const mean = { shape: [1, 1, 2, 2], data: [0, 1, 2, 4] };
  expect([...new io.Transformer([1, 1, 2, 2], { mean }).preprocess(image).data]).toEqual([
    0, 0, 0, -1,
  ]);
  const small = new io.Transformer([1, 1, 1, 1], { mean });
  expect(small.preprocess(image).data).toBeAllClose([1.5 - 1.75]);
});

test("an image lies on its side for nets that were trained in MATLAB", () => {
  const transformer = new io.Transformer([1, 1, 3, 2], { transpose: [2, 1, 0], mean: [1] });
  const input = transformer.preprocess(ramp(2, 3));
  expect(input.shape).toEqual([1, 3, 2]);
  expect([...input.data]).toEqual([-1, 2, 0, 3, 1, 4]);
  expect(transformer.deprocess(input)).toEqual(ramp(2, 3));
});

test("what does not fit a transformer is said", () => {
  const make = (options: object, shape = [1, 3, 2, 2]): (() => unknown) => {
    return () => new io.Transformer(shape, options);
  };
  expect(make({}, [3, 2])).toThrow("Expected four axes");
  expect(make({ channelSwap: [0, 1] })).toThrow("channelSwap has 2 channels, and the input 3");
  expect(make({ channelSwap: [0, 0, 1] })).toThrow("Expected each of 0 to 2 once");
  expect(make({ mean: [1] })).toThrow("mean has 1 channels, and the input 3");
  expect(make({ mean: { shape: [3, 2], data: [] } })).toThrow("Expected K, or K×H×W");
  const transformer = new io.Transformer([1, 3, 2, 2]);
  expect(() => transformer.preprocess(ramp(2, 2))).toThrow("the image has 1 channels");
  expect(() => transformer.deprocess({ shape: [3], data: [1, 2, 3] })).toThrow("to deprocess");
});

test("a mean of two axes is of one channel", () => {
  const path = join(folder, "flat.binaryproto");
  io.writeMean(path, { shape: [1, 2, 2], data: Float32Array.of(0, 1, 2, 4) });
  expect(io.readMean(path).shape).toEqual([1, 2, 2]);
  const head = "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }"
    .padEnd(117)
    .concat("\n");
  const npy = join(folder, "flat.npy");
  const values = Buffer.from(Float32Array.of(0, 2, 1, 4).buffer);
  const magic = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, 118, 0]);
  writeFileSync(npy, Buffer.concat([magic, Buffer.from(head), values]));
  const mean = io.readMean(npy);
  expect([mean.shape, Array.from(mean.data)]).toEqual([
    [1, 2, 2],
    [0, 1, 2, 4],
  ]);
  const image = { shape: [2, 2, 1] as const, data: Float32Array.of(5, 5, 5, 5) };
  const flat = { shape: [2, 2], data: mean.data };
  expect([...new io.Transformer([1, 1, 2, 2], { mean: flat }).preprocess(image).data]).toEqual([
    5, 4, 3, 1,
  ]);
});

test("means are read from .binaryproto and .npy, written, and brought to one value a channel", () => {
  const mean = { shape: [2, 1, 2], data: Float32Array.of(1, 3, 10, 20) };
  const path = join(folder, "mean.binaryproto");
  io.writeMean(path, mean);
  expect(io.readMean(path)).toMatchObject(mean);
  expect(io.channelMeans(mean)).toEqual([2, 15]);
});
