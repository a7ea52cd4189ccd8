import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("Power", (engines) => {
  test.each([
    ["power_param { power: 2 scale: 3 shift: 1 }", [1, 0], [16, 1]],
    ["", [1, -2], [1, -2]],
    ["power_param { power: 0 }", [5], [1]],
    ["power_param { scale: 0 shift: 3 }", [7], [3]],
  ])("computes its formula: %s", async (param, input, output) => {
    const net = layerNet(`type: "Power" bottom: "a" top: "y" ${param}`, [[input.length]], {
      engines,
    });
    expect((await forward(net, input))[0]).toBeAllClose(output);
  });

  test.each(["y", "a"])("agrees with the reference, top %s", async (top) => {
    await checkParity(
      engines,
      `type: "Power" bottom: "a" top: "${top}" power_param { power: 2 scale: 3 shift: 1 }`,
      [[2, 3, 4, 5]],
    );
  });
});
test.each([
  ['bottom: "a" top: "y" power_param { power: 2 scale: 3 shift: 1 }', undefined],
  ['bottom: "a" top: "a" power_param { power: 2 scale: 3 shift: 1 }', undefined],
  ['bottom: "a" top: "y" power_param { power: -1.5 }', [0.5, 1, 1.5, 2, 0.7, 3]],
  ['bottom: "a" top: "a" power_param { power: -1.5 }', [0.5, 1, 1.5, 2, 0.7, 3]],
  ['bottom: "a" top: "y" power_param { power: 0 }', undefined],
  ['bottom: "a" top: "a" power_param { power: 0 }', undefined],
])("the gradient of Power agrees with differences: %s", async (text, input) => {
  await checkGradient(`type: "Power" ${text}`, [[2, 3]], input ? { inputs: [input] } : {});
});

test("Power with power 1: the gradient is its slope; in place it is Caffe's, the slope squared", async () => {
  await checkGradient('type: "Power" bottom: "a" top: "y" power_param { scale: 3 shift: -1 }', [
    [2, 3],
  ]);
  const net = layerNet('type: "Power" bottom: "a" top: "a" power_param { scale: 3 }', [[2]]);
  await forward(net, [1, 2]);
  net.blob("a").diffMem.overwriteCpu().set([5, 7]);
  await net.backward();
  expect(net.blob("a").diffValues()).toBeAllClose([9, 9]);
});
