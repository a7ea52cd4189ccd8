import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("Softmax", (engines) => {
  test("makes probabilities, however large the scores", async () => {
    const net = layerNet('type: "Softmax" bottom: "a" top: "y"', [[2, 2]], { engines });
    expect((await forward(net, [0, 0, 1000, 1000 + Math.log(3)]))[0]).toBeAllClose(
      [0.5, 0.5, 0.25, 0.75],
      { rtol: 1e-4 },
    );
  });

  test.each(["axis: 1", "axis: -1", "axis: 0"])("agrees with the reference: %s", async (param) => {
    await checkParity(engines, `type: "Softmax" bottom: "a" top: "y" softmax_param { ${param} }`, [
      [2, 5, 3, 4],
    ]);
  });
});

test("the gradient of Softmax agrees with differences", async () => {
  await checkGradient('type: "Softmax" bottom: "a" top: "y"', [[2, 3, 2]]);
});

test("Softmax wants an axis that is there", () => {
  expect(() =>
    layerNet('type: "Softmax" bottom: "a" top: "y" softmax_param { axis: 5 }', [[2, 3]]),
  ).toThrow('layer "t" (Softmax): axis 5 is out of range');
});
