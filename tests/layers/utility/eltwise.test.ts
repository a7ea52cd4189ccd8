import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("Eltwise", (engines) => {
  const eltwise = (param: string) =>
    `type: "Eltwise" bottom: "a" bottom: "b" top: "y" eltwise_param { ${param} }`;
  test.each([
    ["operation: SUM coeff: 1 coeff: -2", [-5, -4]],
    ["operation: PROD", [3, 8]],
    ["operation: MAX", [3, 4]],
  ])("%s", async (param, want) => {
    expect(
      await forward(
        layerNet(eltwise(param), [[2], [2]], { engines }),
        [1, 2].map((v) => v),
        [3, param.includes("SUM") ? 3 : 4],
      ),
    ).toEqual([want]);
  });

  test.each([
    "operation: SUM coeff: 0.5 coeff: 2",
    "operation: PROD",
    "operation: PROD stable_prod_grad: false",
    "operation: MAX",
  ])("agrees with the reference: %s", async (param) => {
    await checkParity(engines, eltwise(param), [
      [2, 3, 4],
      [2, 3, 4],
    ]);
  });
});

describeEngines("ties of Eltwise MAX", (engines) => {
  test("of the first two the second takes the gradient, a later one only where it is greater", async () => {
    const net = layerNet(
      'type: "Eltwise" bottom: "a" bottom: "b" bottom: "c" top: "y" eltwise_param { operation: MAX coeff: 1 coeff: 2 coeff: 3 }',
      [[4], [4], [4]],
      { engines },
    );
    expect(await forward(net, [0, 1, 5, 0], [0, 0, 5, 2], [0, 1, 6, 2])).toEqual([[0, 1, 6, 2]]);
    net.blob("y").diffMem.overwriteCpu().set([7, 8, 9, 10]);
    await net.backward();
    await net.toHost();
    const gradients = ["a", "b", "c"].map((name) => [...net.blob(name).diffValues()]);
    expect(gradients).toEqual([
      [0, 8, 0, 0],
      [7, 0, 0, 10],
      [0, 0, 9, 0],
    ]);
  });
});

test.each(["SUM", "PROD", "MAX"])(
  "the gradient of Eltwise agrees with differences: %s",
  async (operation) => {
    await checkGradient(
      `type: "Eltwise" bottom: "a" bottom: "b" top: "y" eltwise_param { operation: ${operation} }`,
      [
        [2, 3],
        [2, 3],
      ],
    );
  },
);

test("Eltwise wants equal shapes, and coefficients for sums only", () => {
  const text = 'type: "Eltwise" bottom: "a" bottom: "b" top: "y"';
  expect(() => layerNet(text, [[2], [3]])).toThrow("bottom 1 has shape (3). Expected (2)");
  expect(() => layerNet(`${text} eltwise_param { coeff: 1 }`, [[2], [2]])).toThrow(
    "one coefficient per bottom blob",
  );
  expect(() =>
    layerNet(`${text} eltwise_param { operation: PROD coeff: 1 coeff: 1 }`, [[2], [2]]),
  ).toThrow("only takes coefficients for summation");
});
