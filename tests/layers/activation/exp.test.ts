import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("Exp", (engines) => {
  test.each([
    ["", [0, 1], [1, Math.E]],
    ["exp_param { base: 2 scale: 3 shift: 1 }", [1, 0], [16, 2]],
  ])("computes its formula: %s", async (param, input, output) => {
    const net = layerNet(`type: "Exp" bottom: "a" top: "y" ${param}`, [[input.length]], {
      engines,
    });
    expect((await forward(net, input))[0]).toBeAllClose(output);
  });

  test.each(["y", "a"])("agrees with the reference, top %s", async (top) => {
    await checkParity(engines, `type: "Exp" bottom: "a" top: "${top}" `, [[2, 3, 4, 5]]);
  });
});
test.each([
  ['bottom: "a" top: "y" ', undefined],
  ['bottom: "a" top: "a" ', undefined],
  ['bottom: "a" top: "y" exp_param { base: 2 scale: 0.5 shift: -1 }', undefined],
  ['bottom: "a" top: "a" exp_param { base: 2 scale: 0.5 shift: -1 }', undefined],
])("the gradient of Exp agrees with differences: %s", async (text, input) => {
  await checkGradient(`type: "Exp" ${text}`, [[2, 3]], input ? { inputs: [input] } : {});
});

test("Exp refuses bottom: a top: y exp_param { base: -3 }", () => {
  expect(() =>
    layerNet('type: "Exp" bottom: "a" top: "y" exp_param { base: -3 }', [[2, 3]]),
  ).toThrow("base must be strictly positive");
});
