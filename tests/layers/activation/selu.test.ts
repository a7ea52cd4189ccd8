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

  test("of numbers just below 0 keeps their digits", async () => {
    const input = [-1e-11, -2e-6, -0.01, -0.29, -0.31];
    const net = layerNet(`type: "SeLU" bottom: "a" top: "y"`, [[5]], { engines });
    const [y = []] = await forward(net, input);
    const shares = y.map(
      (value, i) => value / (1.050700987 * 1.67326324 * Math.expm1(input[i] ?? 0)),
    );
    expect(shares).toBeAllClose([1, 1, 1, 1, 1]);
  });

  test.each(["y", "a"])("agrees with the reference, top %s", async (top) => {
    await checkParity(engines, `type: "SeLU" bottom: "a" top: "${top}"`, [[2, 3, 4, 5]]);
  });
});
