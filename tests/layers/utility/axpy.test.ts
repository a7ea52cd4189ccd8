import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

const axpy = 'type: "Axpy" bottom: "a" bottom: "b" bottom: "c" top: "y"';

describeEngines("Axpy", (engines) => {
  test.each([[[1, 2, 1, 1]], [[1, 2]]])(
    "scales each channel of x and adds y: scale %j",
    async (scale) => {
      const map = [1, 2, 1, 2];
      const net = layerNet(axpy, [scale, map, map], { engines });
      expect(await forward(net, [2, -1], [1, 2, 3, 4], [10, 20, 30, 40])).toEqual([
        [12, 24, 27, 36],
      ]);
    },
  );

  test("agrees with the reference", async () => {
    await checkParity(engines, axpy, [
      [2, 3],
      [2, 3, 4, 5],
      [2, 3, 4, 5],
    ]);
  });
});

test.each([
  [
    [2, 3, 1, 2],
    [2, 3, 4, 5],
    [2, 3, 4, 5],
  ],
  [
    [2, 4],
    [2, 3, 4, 5],
    [2, 3, 4, 5],
  ],
  [
    [2, 3],
    [2, 3, 4, 5],
    [2, 3, 5, 4],
  ],
  [[2], [2], [2]],
])("Axpy refuses bottoms of shapes %j, %j, %j", (...shapes) => {
  expect(() => layerNet(axpy, shapes)).toThrow("Expected (N,C) or (N,C,1,1), and two of one shape");
});
