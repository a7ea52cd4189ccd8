import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, forward, layerNet } from "../../support/nets.ts";

const layer = 'type: "MultinomialLogisticLoss" bottom: "a" bottom: "b" top: "y"';

describeEngines("MultinomialLogisticLoss", (engines) => {
  test("is the log loss; a probability of 0 is not infinite", async () => {
    const net = layerNet(layer, [[2, 2], [2]], { engines });
    expect((await forward(net, [0.25, 0.75, 0.5, 0.5], [1, 0]))[0]).toBeAllClose([
      -(Math.log(0.75) + Math.log(0.5)) / 2,
    ]);
    expect((await forward(net, [0, 1, 1, 0], [0, 0]))[0]).toBeAllClose([-Math.log(1e-20) / 2]);
  });

  test("refuses a label that is no class", async () => {
    await expect(
      forward(layerNet(layer, [[1, 2], [1]], { engines }), [0.5, 0.5], [2]),
    ).rejects.toThrow("label 2 at position 0. Expected 0 to 1");
  });
});

test("the gradient of MultinomialLogisticLoss agrees with differences", async () => {
  await checkGradient(layer, [[2, 3], [2]], {
    inputs: [
      [0.2, 0.3, 0.5, 0.6, 0.1, 0.3],
      [2, 0],
    ],
  });
});
