import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, forward, layerNet, noise } from "../../support/nets.ts";

describeEngines("Flatten", (engines) => {
  test.each([
    ["", [2, 12]],
    ["axis: 0", [24]],
    ["axis: 1 end_axis: 2", [2, 6, 2]],
  ])("%s", async (param, shape) => {
    const net = layerNet(
      `type: "Flatten" bottom: "a" top: "y" flatten_param { ${param} }`,
      [[2, 3, 2, 2]],
      { engines },
    );
    expect(await forward(net, noise(24).map(Math.fround))).toEqual([noise(24).map(Math.fround)]);
    expect(net.blob("y").shape).toEqual(shape);
  });
});

test("the gradient of Flatten agrees with differences", async () => {
  await checkGradient('type: "Flatten" bottom: "a" top: "y"', [[2, 3, 2]]);
});

test("Flatten does not work in place", () => {
  expect(() => layerNet('type: "Flatten" bottom: "a" top: "a"', [[2, 3]])).toThrow(
    "does not allow in-place computation",
  );
});
