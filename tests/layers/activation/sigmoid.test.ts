import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("Sigmoid", (engines) => {
  test("bends the line", async () => {
    const net = layerNet('type: "Sigmoid" bottom: "a" top: "y"', [[3]], { engines });
    expect((await forward(net, [0, 100, -100]))[0]).toBeAllClose([0.5, 1, 0]);
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, 'type: "Sigmoid" bottom: "a" top: "y"', [[2, 3, 4, 5]]);
  });

  test("works in place", async () => {
    await checkParity(engines, 'type: "Sigmoid" bottom: "a" top: "a"', [[2, 3, 4, 5]]);
  });
});

test.each(["y", "a"])("Sigmoid gradient, top %s", async (top) => {
  await checkGradient(`type: "Sigmoid" bottom: "a" top: "${top}"`, [[2, 3, 2]]);
});
