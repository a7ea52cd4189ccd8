import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("Clip", (engines) => {
  test.each([["clip_param { min: -1 max: 2 }", [-3, -1, 0.5, 2, 9], [-1, -1, 0.5, 2, 2]]])(
    "computes its formula: %s",
    async (param, input, output) => {
      const net = layerNet(`type: "Clip" bottom: "a" top: "y" ${param}`, [[input.length]], {
        engines,
      });
      expect((await forward(net, input))[0]).toBeAllClose(output);
    },
  );

  test.each(["y", "a"])("agrees with the reference, top %s", async (top) => {
    await checkParity(
      engines,
      `type: "Clip" bottom: "a" top: "${top}" clip_param { min: -1 max: 2 }`,
      [[2, 3, 4, 5]],
    );
  });
});
test.each([
  ['bottom: "a" top: "y" clip_param { min: -0.4 max: 0.3 }', undefined],
  ['bottom: "a" top: "a" clip_param { min: -0.4 max: 0.3 }', undefined],
])("the gradient of Clip agrees with differences: %s", async (text, input) => {
  await checkGradient(`type: "Clip" ${text}`, [[2, 3]], input ? { inputs: [input] } : {});
});

test("Clip refuses bottom: a top: y", () => {
  expect(() => layerNet('type: "Clip" bottom: "a" top: "y"', [[2, 3]])).toThrow(
    "needs min and max",
  );
});
