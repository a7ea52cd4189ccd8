import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, forward, layerNet } from "../../support/nets.ts";

describeEngines("Reduction", (engines) => {
  test.each([
    ["", [], [0]],
    ["operation: ASUM coeff: 2", [], [16]],
    ["operation: SUMSQ axis: 1", [2], [5, 17]],
    ["operation: MEAN axis: -1", [2], [1.5, -1.5]],
  ])("reduces: %s", async (param, shape, output) => {
    const net = layerNet(
      `type: "Reduction" bottom: "a" top: "y" reduction_param { ${param} }`,
      [[2, 2]],
      { engines },
    );
    expect((await forward(net, [1, 2, -4, 1]))[0]).toBeAllClose(output);
    expect(net.blob("y").shape).toEqual(shape);
  });
});

test.each([
  "",
  "operation: ASUM axis: 1",
  "operation: SUMSQ axis: 2 coeff: 3",
  "operation: MEAN axis: 1 coeff: -2",
])("the gradient of Reduction agrees with differences: %s", async (param) => {
  await checkGradient(`type: "Reduction" bottom: "a" top: "y" reduction_param { ${param} }`, [
    [2, 3, 2],
  ]);
});

test("Reduction wants an axis that is there", () => {
  expect(() =>
    layerNet('type: "Reduction" bottom: "a" top: "y" reduction_param { axis: 2 }', [[2, 2]]),
  ).toThrow("axis 2 is out of range");
});
