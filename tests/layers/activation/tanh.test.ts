import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("TanH", (engines) => {
  test("bends the line", async () => {
    const net = layerNet('type: "TanH" bottom: "a" top: "y"', [[3]], { engines });
    expect((await forward(net, [0, 100, -100]))[0]).toBeAllClose([0, 1, -1]);
  });

  test("is its argument where that is small", async () => {
    const net = layerNet('type: "TanH" bottom: "a" top: "y"', [[4]], { engines });
    const [y = []] = await forward(net, [1e-7, -2e-3, 0.05, 2e-18]);
    // To a rounding or two of each value, not of 1.
    for (const [i, x] of [1e-7, -2e-3, 0.05, 2e-18].entries()) {
      expect((y[i] ?? 0) / Math.tanh(x)).toBeCloseTo(1, 6);
    }
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, 'type: "TanH" bottom: "a" top: "y"', [[2, 3, 4, 5]]);
  });

  test("works in place", async () => {
    await checkParity(engines, 'type: "TanH" bottom: "a" top: "a"', [[2, 3, 4, 5]]);
  });
});

test.each(["y", "a"])("TanH gradient, top %s", async (top) => {
  await checkGradient(`type: "TanH" bottom: "a" top: "${top}"`, [[2, 3, 2]]);
});
