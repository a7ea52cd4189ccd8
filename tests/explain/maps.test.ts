// The maps of src/explain, by numbers worked out by hand.
import { describe, expect, test } from "vitest";
import { activationTiles } from "../../src/explain/activation-tiles.ts";
import { gradCamOf } from "../../src/explain/grad-cam.ts";
import { stretched } from "../../src/explain/heat-map.ts";
import { coversOf, occlusionOf } from "../../src/explain/occlusion.ts";
import { overlayOf } from "../../src/explain/overlay.ts";
import { saliencyOf } from "../../src/explain/saliency.ts";

test("saliency is the greatest absolute gradient of a pixel's channels", () => {
  const map = saliencyOf({ shape: [1, 3, 1, 2], data: [1, -2, -5, 0.5, 3, 1] });
  expect([map.height, map.width, ...map.values]).toEqual([1, 2, 5, 2]);
});

test("Grad-CAM weighs each channel by its mean gradient, and leaves out what speaks against", () => {
  const features = { shape: [2, 2, 2], data: [1, 2, 3, 4, 1, 1, 5, 5] };
  // Means of the gradients: 0.5 and −0.25.
  const gradient = { shape: [2, 2, 2], data: [2, 0, 0, 0, -1, 0, 0, 0] };
  expect([...gradCamOf(features, gradient).values]).toEqual([0.25, 0.75, 0.25, 0.75]);
  const against = gradCamOf(features, { shape: [2, 2, 2], data: new Array(8).fill(-1) });
  expect([...against.values]).toEqual([0, 0, 0, 0]);
});

describe("occlusion", () => {
  test("covers reach from edge to edge, and each pixel has the mean fall of those over it", () => {
    const covers = coversOf(1, 5, 2, 2);
    expect(covers.map(({ left }) => left)).toEqual([0, 2, 3]);
    const { values } = occlusionOf(1, 5, covers, [0.4, -0.2, 0.6]);
    expect([...values].map((value) => Number(value.toFixed(4)))).toEqual([
      0.4, 0.4, -0.2, 0.2, 0.6,
    ]);
  });

  test("one cover is enough for an image that is no larger", () => {
    expect(coversOf(3, 4, 8, 2)).toEqual([{ top: 0, left: 0, side: 8 }]);
    expect(occlusionOf(1, 2, coversOf(1, 2, 8, 2), [0.5]).values).toEqual(
      new Float32Array(2).fill(0.5),
    );
  });
});

test("a map is stretched from 0 to 1; one that is flat, or holds NaN or infinity, is 0", () => {
  const of = (...values: number[]): number[] => [
    ...stretched({ height: 1, width: values.length, values: Float32Array.from(values) }).values,
  ];
  expect(of(-1, 0, 3)).toEqual([0, 0.25, 1]);
  expect(of(2, 2)).toEqual([0, 0]);
  expect(of(1, Number.NaN)).toEqual([0, 0]);
  expect(of(1, Number.POSITIVE_INFINITY)).toEqual([0, 0]);
});

test("an overlay leaves the picture clear where the map is 0 or less", () => {
  const picture = { shape: [1, 3, 1] as const, data: Float32Array.of(0.5, 0.5, 0.5) };
  const map = { height: 1, width: 3, values: Float32Array.of(0, 3, -9) };
  const { shape, data } = overlayOf(picture, map);
  expect(shape).toEqual([1, 3, 3]);
  expect([...data.subarray(0, 3)]).toEqual([0.5, 0.5, 0.5]);
  expect([...data.subarray(6)]).toEqual([0.5, 0.5, 0.5]);
  // Three quarters of light yellow.
  expect(data[3]).toBeCloseTo(0.25 * 0.5 + 0.75 * 0.99, 5);
  expect(data[5]).toBeCloseTo(0.25 * 0.5 + 0.75 * 0.7, 5);
});

test("channels lie side by side, each in its own range, grey between", () => {
  const { shape, data } = activationTiles({ shape: [1, 3, 1, 2], data: [0, 4, 9, 7, 1, 1] });
  expect(shape).toEqual([3, 5, 1]);
  const half = 0.5;
  expect([...data]).toEqual([0, 1, half, 1, 0, ...new Array(5).fill(half), 0, 0, half, half, half]);
});
