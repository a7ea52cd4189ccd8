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

describeEngines("Eltwise of a smaller second bottom", (engines) => {
  const smaller = (param: string) =>
    `type: "Eltwise" bottom: "a" bottom: "b" top: "y" eltwise_param { ${param} }`;
  const x = [1, 2, 3, 4, 5, 6, 7, 8];

  test.each([
    ["", [2], [10, 20], [11, 12, 13, 14, 25, 26, 27, 28]],
    ["coeff: 2 coeff: -1", [], [3], x.map((value) => 2 * value - 3)],
    ["operation: PROD axis: 1", [2], [10, 20], [10, 20, 60, 80, 50, 60, 140, 160]],
    ["operation: MAX axis: -1", [2], [4, 6], [4, 6, 4, 6, 5, 6, 7, 8]],
    ["operation: PROD", [2, 2], [1, 10, 100, 0], [1, 2, 30, 40, 500, 600, 0, 0]],
  ])("lays it over the first: %s", async (param, shape, values, wanted) => {
    const net = layerNet(smaller(param), [[2, 2, 2], shape], { engines });
    expect((await forward(net, x, values))[0]).toEqual(wanted);
  });

  test("sums its gradient up over all places", async () => {
    const net = layerNet(smaller("operation: PROD axis: 1"), [[2, 2, 2], [2]], { engines });
    await forward(net, x, [10, 20]);
    net.blob("y").diffMem.overwriteCpu().set([1, 1, 1, 1, 0, 2, 0, 2]);
    await net.backward();
    await net.toHost();
    expect([...net.blob("b").diffValues()]).toEqual([1 + 2 + 12, 3 + 4 + 16]);
    expect([...net.blob("a").diffValues()]).toEqual([10, 10, 20, 20, 0, 20, 0, 40]);
  });

  test("follows its bottoms", async () => {
    const net = layerNet(smaller("axis: 1"), [[1, 2], [2]], { engines });
    expect(await forward(net, [1, 2], [3, 4])).toEqual([[4, 6]]);
    net.blob("a").reshape([2, 1]);
    net.blob("b").reshape([1]);
    expect(await forward(net, [1, 2], [3])).toEqual([[4, 5]]);
    net.blob("b").reshape([]);
    expect(await forward(net, [1, 2], [4])).toEqual([[5, 6]]);
    net.blob("b").reshape([2]);
    expect(() => net.reshape()).toThrow(
      "shape (2) does not lie on bottom shape (2,1) from axis 1 on",
    );
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, smaller("operation: PROD axis: 1"), [
      [2, 3, 4, 2],
      [3, 4],
    ]);
  });
});

test("of Eltwise's bottoms the second alone may be smaller, and it must lie over the first", () => {
  const text = (param: string) =>
    `type: "Eltwise" bottom: "a" bottom: "b" bottom: "c" top: "y" eltwise_param { ${param} }`;
  const refuses = (param: string, second: number[], third: number[], message: string) =>
    expect(() => layerNet(text(param), [[2, 3], second, third])).toThrow(message);
  refuses("", [2], [2], "bottom 2 has shape (2). Expected (2,3), as bottom 0");
  refuses("", [3], [2, 3], "shape (3) does not lie on bottom shape (2,3) from axis 0 on");
  refuses("axis: 1", [2, 3], [2, 3], "does not lie on bottom shape (2,3) from axis 1 on");
  refuses("axis: 2", [3], [2, 3], "axis 2 is out of range");
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
