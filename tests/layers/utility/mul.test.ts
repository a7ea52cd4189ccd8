import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, keptLog, layerNet } from "../../support/nets.ts";

const layer = 'type: "Mul" bottom: "a" bottom: "b" top: "y"';

describeEngines("Mul", (engines) => {
  test.each([
    [
      [2, 2],
      [2, 2],
      [2, 3, 4, 5],
      [1, 2, 3, 4],
      [2, 6, 12, 20],
    ],
    [
      [1, 2, 2],
      [2, 1],
      [2, 3, 4, 5],
      [10, 1],
      [20, 30, 4, 5],
    ],
    [[2], [2, 2], [10, 1], [1, 2, 3, 4], [10, 2, 30, 4]],
    [
      [2, 1],
      [1, 3],
      [10, 1],
      [1, 2, 3],
      [10, 20, 30, 1, 2, 3],
    ],
    [[], [2], [3], [1, 2], [3, 6]],
  ])("multiplies %j by %j", async (a, b, x, z, want) => {
    const net = layerNet(layer, [a, b], { engines });
    expect(await forward(net, x, z)).toEqual([want]);
  });

  test.each([
    [
      [2, 3, 4, 5],
      [2, 3, 1, 1],
    ],
    [
      [2, 3, 4, 5],
      [4, 5],
    ],
    [
      [2, 1, 4],
      [3, 1],
    ],
  ])("is the same on every engine, forward and backward: %j by %j", async (a, b) => {
    await checkParity(engines, layer, [a, b]);
  });

  test("multiplies by a blob of its own", async () => {
    const text =
      'type: "Mul" bottom: "a" top: "y" mul_param { mul_shape: 2 } blobs { shape { dim: 2 } data: [3, 4] }';
    const net = layerNet(text, [[2, 2]], { engines });
    expect(await forward(net, [1, 2, 3, 4])).toEqual([[3, 8, 9, 16]]);
  });
});

test("Mul refuses lengths that cannot be stretched, and one bottom alone", () => {
  expect(() => layerNet(layer, [[2, 3], [2]])).toThrow(
    "shapes (2,3) and (2) have 3 and 2 on an axis. Expected equal lengths, or 1.",
  );
  expect(() => layerNet('type: "Mul" bottom: "a" top: "y"', [[2]])).toThrow(
    "there is one bottom, and no mul_param.mul_shape",
  );
});

test("Mul says that a shape has no effect with two bottoms", () => {
  const { log, lines } = keptLog();
  layerNet(`${layer} mul_param { mul_shape: 2 }`, [[2], [2]], { log });
  expect(lines.join("\n")).toContain("mul_shape has no effect with two bottoms");
});
