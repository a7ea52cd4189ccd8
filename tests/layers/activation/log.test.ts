import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("Log", (engines) => {
  test.each([
    ["", [1, Math.E], [0, 1]],
    ["log_param { base: 10 scale: 2 shift: 80 }", [10], [2]],
  ])("computes its formula: %s", async (param, input, output) => {
    const net = layerNet(`type: "Log" bottom: "a" top: "y" ${param}`, [[input.length]], {
      engines,
    });
    expect((await forward(net, input))[0]).toBeAllClose(output);
  });

  test.each(["y", "a"])("agrees with the reference, top %s", async (top) => {
    await checkParity(
      engines,
      `type: "Log" bottom: "a" top: "${top}" `,
      [[2, 3, 4, 5]],
      [Array.from({ length: 120 }, (_, i) => 0.1 + (i % 17) / 5)],
    );
  });
});
test.each([
  ['bottom: "a" top: "y" ', [0.5, 1, 1.5, 2, 0.7, 3]],
  ['bottom: "a" top: "a" ', [0.5, 1, 1.5, 2, 0.7, 3]],
  ['bottom: "a" top: "y" log_param { base: 2 scale: 0.5 shift: 3 }', undefined],
  ['bottom: "a" top: "a" log_param { base: 2 scale: 0.5 shift: 3 }', undefined],
])("the gradient of Log agrees with differences: %s", async (text, input) => {
  await checkGradient(`type: "Log" ${text}`, [[2, 3]], input ? { inputs: [input] } : {});
});

test("Log refuses bottom: a top: y log_param { base: 1 }", () => {
  expect(() =>
    layerNet('type: "Log" bottom: "a" top: "y" log_param { base: 1 }', [[2, 3]]),
  ).toThrow("base must be strictly positive");
});
