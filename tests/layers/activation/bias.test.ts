import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet, netOf } from "../../support/nets.ts";

describeEngines("Bias", (engines) => {
  test("in place, of a bottom that shares its memory", async () => {
    const net = netOf(
      `layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 2 dim: 3 } } }
      layer { name: "f" type: "Reshape" bottom: "a" top: "f" reshape_param { shape { dim: 2 dim: 3 } } }
      layer { name: "t" type: "Bias" bottom: "f" bottom: "a" top: "f" bias_param { axis: 0 } }`,
      { engines },
    );
    await forward(net, [1, -2, 3, 4, 0.5, -0.25]);
    expect([...net.blob("f").values()]).toEqual([1, -2, 3, 4, 0.5, -0.25].map((x) => x + x));
  });

  test("adds to each channel", async () => {
    const net = layerNet(
      'type: "Bias" bottom: "a" top: "y" bias_param { filler { value: 2 } }',
      [[1, 2, 2]],
      { engines },
    );
    expect(await forward(net, [1, 2, 3, 4])).toEqual([[3, 4, 5, 6]]);
  });

  test.each([
    ["one bottom", 'bottom: "a" top: "y"', [[2, 3, 4]]],
    [
      "two bottoms, in place",
      'bottom: "a" bottom: "b" top: "a" bias_param { axis: 0 }',
      [
        [2, 3, 4],
        [2, 3],
      ],
    ],
  ])("agrees with the reference: %s", async (_name, text, shapes) => {
    await checkParity(engines, `type: "Bias" ${text}`, shapes);
  });
});

test("the gradient of Bias agrees with differences", async () => {
  await checkGradient('type: "Bias" bottom: "a" top: "y"', [[2, 3, 2]]);
  await checkGradient('type: "Bias" bottom: "a" bottom: "b" top: "y" bias_param { axis: 1 }', [
    [2, 3, 2],
    [3],
  ]);
});

test("Bias wants a vector that lies on its bottom", () => {
  expect(() =>
    layerNet('type: "Bias" bottom: "a" top: "y" bias_param { num_axes: 5 }', [[2, 3]]),
  ).toThrow("num_axes 5 from axis 1 goes beyond");
});
