import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("Concat", (engines) => {
  const concat = (param = "") =>
    `type: "Concat" bottom: "a" bottom: "b" top: "y" concat_param { ${param} }`;
  test("joins along an axis", async () => {
    const net = layerNet(
      concat(),
      [
        [2, 1],
        [2, 2],
      ],
      { engines },
    );
    expect(await forward(net, [1, 2], [3, 4, 5, 6])).toEqual([[1, 3, 4, 2, 5, 6]]);
  });

  test.each(["axis: 0", "axis: -1", "concat_dim: 1"])(
    "agrees with the reference: %s",
    async (param) => {
      await checkParity(engines, concat(param), [
        [2, 3, 4],
        [2, 3, 4],
      ]);
    },
  );
});

test("the gradient of Concat agrees with differences", async () => {
  await checkGradient('type: "Concat" bottom: "a" bottom: "b" top: "y"', [
    [2, 1, 2],
    [2, 2, 2],
  ]);
});

test("Concat wants equal shapes but for the axis", () => {
  const text = 'type: "Concat" bottom: "a" bottom: "b" top: "y"';
  expect(() =>
    layerNet(text, [
      [2, 1],
      [3, 1],
    ]),
  ).toThrow("All inputs must have the same shape, except at concat_axis 1");
  expect(() =>
    layerNet(`${text} concat_param { axis: 1 concat_dim: 1 }`, [
      [2, 1],
      [2, 1],
    ]),
  ).toThrow("not both");
});
