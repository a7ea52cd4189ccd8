import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../../support/nets.ts";

const labelled =
  'type: "MTCNNEuclideanLoss" bottom: "a" bottom: "b" bottom: "c" top: "y" loss_param { ignore_label: 0 }';
const shapes = [[3, 2], [3, 2], [3]] as const;

describeEngines("MTCNNEuclideanLoss", (engines) => {
  test("is half the mean squared distance, without samples to ignore", async () => {
    const net = layerNet(labelled, shapes, { engines });
    // (1² + 2²) and (3² + 0²) of three samples; the second does not count.
    const y = await forward(net, [1, 2, 9, 9, 3, 1], [0, 0, 0, 0, 0, 1], [1, 0, -1]);
    expect(y[0]?.[0]).toBeCloseTo(14 / 6, 6);
    const plain = layerNet(
      'type: "MTCNNEuclideanLoss" bottom: "a" bottom: "b" top: "y"',
      [
        [2, 2],
        [2, 2],
      ],
      { engines },
    );
    expect(await forward(plain, [1, 2, 3, 4], [0, 2, 3, 1])).toEqual([[2.5]]);
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, labelled, shapes);
  });
});

test("MTCNNEuclideanLoss gradient, to both bottoms", async () => {
  await checkGradient('type: "MTCNNEuclideanLoss" bottom: "a" bottom: "b" top: "y"', [
    [2, 3],
    [2, 3],
  ]);
});

test("MTCNNEuclideanLoss wants labels where one is ignored, and equal sizes", () => {
  const net = (text: string, ...sizes: number[][]): unknown =>
    layerNet(`type: "MTCNNEuclideanLoss" ${text} top: "y"`, sizes);
  expect(() =>
    net('bottom: "a" bottom: "b" loss_param { ignore_label: 0 }', [2, 3], [2, 3]),
  ).toThrow("Expected labels as a third bottom");
  expect(() => net('bottom: "a" bottom: "b" bottom: "c"', [2, 3], [2, 3], [2])).toThrow(
    "ignore_label is not given",
  );
  expect(() => net('bottom: "a" bottom: "b"', [2, 3], [2, 4])).toThrow("same dimension");
});
