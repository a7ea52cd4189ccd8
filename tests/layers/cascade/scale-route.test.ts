import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "ScaleRoute" bottom: "a" bottom: "b" top: "y" top: "z" scale_route_param { ${param} }`;
const shapes = [[3, 5], [3, 1]]; // biome-ignore format: short
/** 4, 8 and 16 pixels a side. */
const rois = [4, 8, 16].flatMap((side) => [0, 0, 0, side - 1, side - 1]);

test.each([
  ["low_scale: 8", [2, 3]],
  ["high_scale: 8", [1]],
  ["low_scale: 8 high_scale: 16", [2]],
  // None: the nearest to √(20 · 45) = 30.
  ["low_scale: 20 high_scale: 45", [3]],
  ["", [1, 2, 3]],
])("ScaleRoute with %s takes rows %s", async (param, rows) => {
  const [, z] = await forward(layerNet(layer(param), shapes), rois, [1, 2, 3]);
  expect(z).toEqual(rows);
});

test("ScaleRoute takes one region at least, even of boxes that are none", async () => {
  const net = layerNet(layer("low_scale: 8"), shapes);
  expect((await forward(net, new Array<number>(15).fill(Number.NaN), [1, 2, 3]))[1]).toEqual([1]);
  expect(() => layerNet(layer(""), [[0, 5], [0, 1]])).toThrow("one at least"); // biome-ignore format: short
  expect(() => layerNet(layer("low_scale: 8 high_scale: 4"), shapes)).toThrow("high_scale is 4");
  expect(() => layerNet(layer(""), [[3, 5], [2, 1]])).toThrow("a row for each of 3 regions"); // biome-ignore format: short
});
