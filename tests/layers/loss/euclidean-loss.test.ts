import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

describeEngines("EuclideanLoss", (engines) => {
  const loss = 'type: "EuclideanLoss" bottom: "a" bottom: "b" top: "y"';
  test("is half the mean squared distance", async () => {
    const net = layerNet(
      loss,
      [
        [2, 2],
        [2, 2],
      ],
      { engines },
    );
    expect(await forward(net, [1, 2, 3, 4], [0, 2, 3, 1])).toEqual([[2.5]]);
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, loss, [
      [3, 4],
      [3, 4],
    ]);
  });
});

test("EuclideanLoss gradient, to both bottoms", async () => {
  await checkGradient('type: "EuclideanLoss" bottom: "a" bottom: "b" top: "y"', [
    [2, 3],
    [2, 3],
  ]);
});

test("EuclideanLoss wants equal sizes", () => {
  expect(() =>
    layerNet('type: "EuclideanLoss" bottom: "a" bottom: "b" top: "y"', [
      [2, 3],
      [2, 4],
    ]),
  ).toThrow("Inputs must have the same dimension");
});
