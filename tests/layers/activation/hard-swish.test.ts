import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("HardSwish", (engines) => {
  test("computes its formula", async () => {
    const net = layerNet('type: "HardSwish" bottom: "a" top: "y"', [[6]], { engines });
    const [y] = await forward(net, [-4, -3, -1.5, 0, 3, 7]);
    expect(y).toBeAllClose([0, 0, -0.375, 0, 3, 7]);
  });

  test.each(["y", "a"])("agrees with the reference, top %s", async (top) => {
    await checkParity(engines, `type: "HardSwish" bottom: "a" top: "${top}"`, [[2, 3, 4, 5]]);
  });
});
