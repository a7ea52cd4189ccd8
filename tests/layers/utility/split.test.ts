import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("Split", (engines) => {
  const split = 'type: "Split" bottom: "a" top: "y" top: "z"';
  test("gives its bottom under two names", async () => {
    expect(await forward(layerNet(split, [[2]], { engines }), [1, 2])).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  test("adds up the gradients", async () => {
    await checkParity(engines, split, [[2, 3, 4, 4]]);
  });
});

test("the gradient of Split agrees with differences", async () => {
  await checkGradient('type: "Split" bottom: "a" top: "y" top: "z"', [[2, 3]]);
});
