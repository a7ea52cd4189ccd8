import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, forward, layerNet, netOf } from "../../support/nets.ts";

const layer = 'type: "Filter" bottom: "a" bottom: "b" top: "y"';

describeEngines("Filter", (engines) => {
  test("lets selected rows through, also none and more than before", async () => {
    const net = layerNet(layer, [[3, 2], [3]], { engines });
    expect(net.blob("y").shape).toEqual([3, 2]);
    const rows = [1, 2, 3, 4, 5, 6];
    expect(await forward(net, rows, [0, 1, 1])).toEqual([[3, 4, 5, 6]]);
    expect(await forward(net, rows, [0, 0, 0])).toEqual([[]]);
    expect(await forward(net, rows, [1, 0, 2])).toEqual([[1, 2, 5, 6]]);
  });

  test("takes a selector that a layer computes, and no rows for the layer behind it", async () => {
    const net = netOf(
      `force_backward: true
      layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 3 dim: 2 } } }
      layer { name: "b" type: "Input" top: "b" input_param { shape { dim: 3 } } }
      layer { name: "s" type: "Threshold" bottom: "b" top: "s" }
      layer { name: "f" type: "Filter" bottom: "a" bottom: "s" top: "f" }
      layer { name: "ip" type: "InnerProduct" bottom: "f" top: "y" inner_product_param { num_output: 2 weight_filler { value: 1 } } }`,
      { engines },
    );
    expect(await forward(net, [1, 2, 3, 4, 5, 6], [1, -1, 1])).toEqual([[3, 3, 11, 11]]);
    net.reshape();
    expect(net.blob("f").shape[1]).toBe(2);
    expect(await forward(net, [1, 2, 3, 4, 5, 6], [-1, -1, 0])).toEqual([[]]);
    net.clearParamDiffs();
    await net.backward();
    await net.toHost();
    expect([...net.blob("a").diffValues()]).toEqual([0, 0, 0, 0, 0, 0]);
    expect([...(net.learnableParams[0]?.blob.diffValues() ?? [])]).toEqual([0, 0, 0, 0]);
    expect(await forward(net, [1, 2, 3, 4, 5, 6], [-1, 1, 0])).toEqual([[7, 7]]);
  });
});

test("the gradient of Filter agrees with differences", async () => {
  await checkGradient(
    'type: "Filter" bottom: "a" bottom: "b" bottom: "c" top: "y" top: "z"',
    [
      [4, 3],
      [4, 1, 2],
      [4, 1],
    ],
    {
      inputs: [Array.from({ length: 12 }, (_, i) => i / 5), [1, 2, 3, 4, 5, 6, 7, 8], [1, 0, 0, 3]],
    },
  );
});

test.each([
  [
    "a selector of several values",
    [
      [3, 2],
      [3, 2],
    ],
    "must be singletons",
  ],
  ["batches of another size", [[3, 2], [2]], "same 0th dimension"],
])("Filter refuses %s", (_name, shapes, message) => {
  expect(() => layerNet(layer, shapes)).toThrow(message);
});
