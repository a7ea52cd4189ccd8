import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet } from "../../support/nets.ts";

describeEngines("ArgMax", (engines) => {
  test.each([
    ["", [1, 1, 1], [1]],
    ["argmax_param { top_k: 2 }", [1, 1, 2], [1, 3]],
    ["argmax_param { top_k: 2 out_max_val: true }", [1, 2, 2], [1, 3, 7, 4]],
    ["argmax_param { axis: 1 out_max_val: true top_k: 3 }", [1, 3], [7, 4, 2]],
    ["argmax_param { axis: -1 }", [1, 1], [1]],
  ])("finds the greatest: %s", async (param, shape, output) => {
    const net = layerNet(`type: "ArgMax" bottom: "a" top: "y" ${param}`, [[1, 4]], { engines });
    expect(await forward(net, [2, 7, -1, 4])).toEqual([output]);
    expect(net.blob("y").shape).toEqual(shape);
  });

  test("what is no number is equal to all", async () => {
    const net = layerNet('type: "ArgMax" bottom: "a" top: "y"', [[2, 2]], { engines });
    expect(await forward(net, [1, Number.NaN, Number.NaN, 1])).toEqual([[1, 1]]);
  });

  test("of equal values takes the later", async () => {
    const net = layerNet(
      'type: "ArgMax" bottom: "a" top: "y" argmax_param { top_k: 2 }',
      [[1, 4]],
      { engines },
    );
    expect(await forward(net, [5, 5, 1, 5])).toEqual([[3, 1]]);
  });

  test("goes along an axis in the middle", async () => {
    const net = layerNet(
      'type: "ArgMax" bottom: "a" top: "y" argmax_param { axis: 1 }',
      [[1, 2, 3]],
      { engines },
    );
    expect(await forward(net, [1, 5, 2, 4, 0, 3])).toEqual([[1, 0, 1]]);
  });
});

test("ArgMax cannot find more than there are", () => {
  expect(() =>
    layerNet('type: "ArgMax" bottom: "a" top: "y" argmax_param { top_k: 5 }', [[1, 4]]),
  ).toThrow("Expected 1 to 4");
});
