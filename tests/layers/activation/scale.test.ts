import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet, netOf } from "../../support/nets.ts";

describeEngines("Scale", (engines) => {
  test("in place, of a bottom that shares its memory", async () => {
    const net = netOf(
      `layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 2 dim: 3 } } }
      layer { name: "f" type: "Reshape" bottom: "a" top: "f" reshape_param { shape { dim: 2 dim: 3 } } }
      layer { name: "t" type: "Scale" bottom: "f" bottom: "a" top: "f" scale_param { axis: 0 } }`,
      { engines },
    );
    await forward(net, [1, -2, 3, 4, 0.5, -0.25]);
    expect([...net.blob("f").values()]).toEqual([1, -2, 3, 4, 0.5, -0.25].map((x) => x * x));
  });

  test("multiplies each channel, and adds", async () => {
    const net = layerNet(
      'type: "Scale" bottom: "a" top: "y" scale_param { filler { value: 2 } bias_term: true bias_filler { value: 1 } }',
      [[1, 2, 2]],
      { engines },
    );
    expect(await forward(net, [1, 2, 3, 4])).toEqual([[3, 5, 7, 9]]);
  });

  test.each([
    ["one bottom", 'bottom: "a" top: "y" scale_param { bias_term: true }', [[2, 3, 4]]],
    [
      "in place",
      'bottom: "a" top: "a" scale_param { bias_term: true axis: 0 num_axes: 2 }',
      [[2, 3, 4]],
    ],
    ["two bottoms", 'bottom: "a" bottom: "b" top: "y" scale_param { axis: 0 }', [[2, 3, 4], [2]]],
    ["one value", 'bottom: "a" top: "y" scale_param { num_axes: 0 }', [[2, 3]]],
  ])("agrees with the reference: %s", async (_name, text, shapes) => {
    await checkParity(engines, `type: "Scale" ${text}`, shapes);
  });
});

test.each([
  ['bottom: "a" top: "y" scale_param { bias_term: true }', [[2, 3, 2]]],
  [
    'bottom: "a" bottom: "b" top: "y" scale_param { axis: 1 }',
    [
      [2, 3, 2],
      [3, 2],
    ],
  ],
  ['bottom: "a" top: "a" scale_param { num_axes: -1 }', [[2, 3]]],
])("the gradient of Scale agrees with differences: %s", async (text, shapes) => {
  await checkGradient(`type: "Scale" ${text}`, shapes);
});

test("Scale wants a vector that lies on its bottom", () => {
  expect(() => layerNet('type: "Scale" bottom: "a" bottom: "b" top: "y"', [[2, 3], [4]])).toThrow(
    "does not lie on bottom shape (2,3) from axis 1 on",
  );
});

describeEngines("Scale by another bottom, with a bias", (engines) => {
  test("refuses bottoms that its bias does not lie on any more", () => {
    const net = layerNet(
      'type: "Scale" bottom: "a" bottom: "b" top: "y" scale_param { axis: 0 bias_term: true }',
      [
        [2, 3, 4],
        [2, 3],
      ],
      { engines },
    );
    net.blob("a").reshape([50, 3, 4]);
    net.blob("b").reshape([50, 3]);
    expect(() => net.reshape()).toThrow(
      'layer "t" (Scale): shape (2,3) does not lie on bottom shape (50,3,4) from axis 0 on',
    );
    net.blob("a").reshape([2, 3, 4]);
    net.blob("b").reshape([2]);
    expect(() => net.reshape()).toThrow("bottom[1] has shape (2). Expected (2,3)");
    net.blob("b").reshape([2, 3]);
    net.reshape();
  });
});
