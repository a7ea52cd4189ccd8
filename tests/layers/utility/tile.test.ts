import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, forward, layerNet } from "../../support/nets.ts";

describeEngines("Tile", (engines) => {
  test.each([
    ["tile_param { tiles: 2 }", [1, 2, 1, 2, 3, 4, 3, 4]],
    ["tile_param { tiles: 2 axis: 0 }", [1, 2, 3, 4, 1, 2, 3, 4]],
  ])("repeats: %s", async (param, output) => {
    const net = layerNet(`type: "Tile" bottom: "a" top: "y" ${param}`, [[2, 2]], { engines });
    expect(await forward(net, [1, 2, 3, 4])).toEqual([output]);
  });
});

test.each(["tiles: 3", "tiles: 2 axis: -1", "tiles: 1 axis: 0"])(
  "the gradient of Tile agrees with differences: %s",
  async (param) => {
    await checkGradient(`type: "Tile" bottom: "a" top: "y" tile_param { ${param} }`, [[2, 3, 2]]);
  },
);

test("Tile wants to know how often", () => {
  expect(() => layerNet('type: "Tile" bottom: "a" top: "y"', [[2, 3]])).toThrow(
    "Number of tiles must be positive",
  );
});
