import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("SeLU", (engines) => {
  test.each([
    ["", 1.050700987, 1.67326324],
    ["selu_param { lambda: 2 alpha: 0.5 }", 2, 0.5],
  ])("computes its formula: %s", async (param, lambda, alpha) => {
    const net = layerNet(`type: "SeLU" bottom: "a" top: "y" ${param}`, [[3]], { engines });
    const [y] = await forward(net, [-1, 0, 3]);
    expect(y).toBeAllClose([lambda * alpha * Math.expm1(-1), 0, 3 * lambda]);
  });

  test.each(["y", "a"])("agrees with the reference, top %s", async (top) => {
    await checkParity(engines, `type: "SeLU" bottom: "a" top: "${top}"`, [[2, 3, 4, 5]]);
  });
});
