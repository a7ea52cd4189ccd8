import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("BNLL", (engines) => {
  test.each([["", [0, 100, -100], [Math.LN2, 100, 0]]])(
    "computes its formula: %s",
    async (param, input, output) => {
      const net = layerNet(`type: "BNLL" bottom: "a" top: "y" ${param}`, [[input.length]], {
        engines,
      });
      expect((await forward(net, input))[0]).toBeAllClose(output);
    },
  );

  test.each(["y", "a"])("agrees with the reference, top %s", async (top) => {
    await checkParity(engines, `type: "BNLL" bottom: "a" top: "${top}" `, [[2, 3, 4, 5]]);
  });
});
test.each([
  ['bottom: "a" top: "y" ', undefined],
  ['bottom: "a" top: "a" ', undefined],
])("the gradient of BNLL agrees with differences: %s", async (text, input) => {
  await checkGradient(`type: "BNLL" ${text}`, [[2, 3]], input ? { inputs: [input] } : {});
});
