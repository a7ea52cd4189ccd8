import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet, write } from "../../support/nets.ts";

const NaN_ = Number.NaN;

describeEngines("ReLU6", (engines) => {
  test.each([
    ["", [-3, 0, 0.5, 6, 9, NaN_], [0, 0, 0.5, 6, 6, NaN_]],
    ["relu6_param { negative_slope: 0.5 }", [-3, 0, 0.5, 6, 9, NaN_], [-1.5, 0, 0.5, 6, 6, NaN_]],
    ["relu6_param { negative_slope: -2 }", [-4, -2, 7], [6, 4, 6]],
  ])("computes its formula: %s", async (param, input, output) => {
    const net = layerNet(`type: "ReLU6" bottom: "a" top: "y" ${param}`, [[input.length]], {
      engines,
    });
    expect(await forward(net, input)).toEqual([output]);
  });

  test.each(["y", "a"])("has no gradient from 6 on, and the slope at 0: top %s", async (top) => {
    const net = layerNet(
      `type: "ReLU6" bottom: "a" top: "${top}" relu6_param { negative_slope: 0.25 }`,
      [[5]],
      { engines },
    );
    await forward(net, [-1, 0, 5.5, 6, 7]);
    write(net.blob(top), await net.outputValues().then(([y]) => y?.values ?? []));
    net.blob(top).diffMem.overwriteCpu().fill(4);
    await net.backward();
    await net.toHost();
    expect(Array.from(net.blob("a").diffValues())).toEqual([1, 1, 4, 0, 0]);
  });

  test.each(["y", "a"])("agrees with the reference, top %s", async (top) => {
    const param = `top: "${top}" relu6_param { negative_slope: 0.1 }`;
    await checkParity(engines, `type: "ReLU6" bottom: "a" ${param}`, [[2, 3, 4, 5]]);
  });
});

test("ReLU6 in place wants a slope that keeps signs", () => {
  const layer = 'type: "ReLU6" bottom: "a" top: "a" relu6_param { negative_slope: -1 }';
  expect(() => layerNet(layer, [[2]])).toThrow(
    "in place with negative_slope -1. Expected 0 or more",
  );
});
