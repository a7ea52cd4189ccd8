import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("Swish", (engines) => {
  test.each([
    ["", [0, 100, -100], [0, 100, 0]],
    ["swish_param { beta: 2 }", [1], [1 / (1 + Math.exp(-2))]],
  ])("computes its formula: %s", async (param, input, output) => {
    const net = layerNet(`type: "Swish" bottom: "a" top: "y" ${param}`, [[input.length]], {
      engines,
    });
    expect((await forward(net, input))[0]).toBeAllClose(output);
  });

  test.each(["y", "a"])("agrees with the reference, top %s", async (top) => {
    await checkParity(engines, `type: "Swish" bottom: "a" top: "${top}" `, [[2, 3, 4, 5]]);
  });
});
test.each([
  ['bottom: "a" top: "y" ', undefined],
  ['bottom: "a" top: "a" ', undefined],
  ['bottom: "a" top: "y" swish_param { beta: -0.5 }', undefined],
  ['bottom: "a" top: "a" swish_param { beta: -0.5 }', undefined],
])("the gradient of Swish agrees with differences: %s", async (text, input) => {
  await checkGradient(`type: "Swish" ${text}`, [[2, 3]], input ? { inputs: [input] } : {});
});
