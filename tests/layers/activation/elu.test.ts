import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("ELU", (engines) => {
  test.each([
    ["", [2, 0, -1], [2, 0, Math.expm1(-1)]],
    ["elu_param { alpha: 2 }", [-1], [2 * Math.expm1(-1)]],
  ])("computes its formula: %s", async (param, input, output) => {
    const net = layerNet(`type: "ELU" bottom: "a" top: "y" ${param}`, [[input.length]], {
      engines,
    });
    expect((await forward(net, input))[0]).toBeAllClose(output);
  });

  test("of numbers just below 0 keeps their digits", async () => {
    const input = [-1e-11, -2e-6, -0.01, -0.29, -0.31];
    const net = layerNet(`type: "ELU" bottom: "a" top: "y"`, [[5]], { engines });
    const [y = []] = await forward(net, input);
    const shares = y.map((value, i) => value / Math.expm1(input[i] ?? 0));
    expect(shares).toBeAllClose([1, 1, 1, 1, 1]);
  });

  test.each(["y", "a"])("agrees with the reference, top %s", async (top) => {
    await checkParity(engines, `type: "ELU" bottom: "a" top: "${top}" `, [[2, 3, 4, 5]]);
  });

  // Below zero y = −0.5 · (eˣ − 1) is above zero, at most 0.5.
  test.each(["y", "a"])("of a negative alpha agrees with the reference, top %s", async (top) => {
    const text = `type: "ELU" bottom: "a" top: "${top}" elu_param { alpha: -0.5 }`;
    await checkParity(engines, text, [[2, 3, 4, 5]]);
    await checkParity(engines, text, [[4]], [[-1, 2, -50, 3]]);
  });
});
test.each([
  ['bottom: "a" top: "y" ', undefined],
  ['bottom: "a" top: "a" ', undefined],
  ['bottom: "a" top: "y" elu_param { alpha: 0.3 }', undefined],
  ['bottom: "a" top: "a" elu_param { alpha: 0.3 }', undefined],
  ['bottom: "a" top: "y" elu_param { alpha: -2 }', undefined],
])("the gradient of ELU agrees with differences: %s", async (text, input) => {
  await checkGradient(`type: "ELU" ${text}`, [[2, 3]], input ? { inputs: [input] } : {});
});
