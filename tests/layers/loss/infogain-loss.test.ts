import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, forward, layerNet } from "../../support/nets.ts";

const layer = (param = ""): string =>
  `type: "InfogainLoss" bottom: "a" bottom: "b" bottom: "c" top: "y" ${param}`;
const identity = [1, 0, 0, 0, 1, 0, 0, 0, 1];
const H = [1, 0.2, 0, 0.3, 2, 0.1, 0.5, 0, 0.7];

describeEngines("InfogainLoss", (engines) => {
  test("with the identity is SoftmaxWithLoss", async () => {
    const scores = [0.3, 1, -2, 0.5, 0.1, 0.9];
    const [gain] = await forward(
      layerNet(layer(), [[2, 3], [2], [3, 3]], { engines }),
      scores,
      [2, 0],
      identity,
    );
    const [plain] = await forward(
      layerNet('type: "SoftmaxWithLoss" bottom: "a" bottom: "b" top: "y"', [[2, 3], [2]], {
        engines,
      }),
      scores,
      [2, 0],
    );
    expect(gain).toBeAllClose(plain ?? []);
  });

  test("refuses a label that is no class", async () => {
    await expect(
      forward(layerNet(layer(), [[1, 3], [1], [3, 3]], { engines }), [0, 0, 0], [5], H),
    ).rejects.toThrow("label 5");
  });
});

test.each([
  "",
  "loss_param { ignore_label: 1 normalization: FULL }",
  "loss_param { normalization: BATCH_SIZE }",
])("the gradient of InfogainLoss agrees with differences: %s", async (param) => {
  await checkGradient(
    layer(param),
    [
      [2, 3, 2],
      [2, 1, 2],
      [1, 1, 3, 3],
    ],
    { inputs: [Array.from({ length: 12 }, (_, i) => Math.sin(i)), [2, 1, 0, 1], H] },
  );
});

test.each([
  ['bottom: "a" bottom: "b" top: "y"', [[2, 3], [2]], "Infogain matrix source must be specified"],
  ['bottom: "a" bottom: "b" bottom: "c" top: "y"', [[2, 3], [2], [2, 2]], "Expected 3×3"],
  [
    'bottom: "a" bottom: "b" bottom: "c" top: "y" loss_param { normalize: true }',
    [[2, 3], [2], [3, 3]],
    "normalize is deprecated",
  ],
])("InfogainLoss refuses %s", (text, shapes, message) => {
  expect(() => layerNet(`type: "InfogainLoss" ${text}`, shapes)).toThrow(message);
});

test("InfogainLoss has no class weights of SegNet's", () => {
  const layer =
    'type: "InfogainLoss" bottom: "a" bottom: "b" bottom: "c" top: "y" loss_param { weight_by_label_freqs: true class_weighting: 1 class_weighting: 2 }';
  expect(() => layerNet(layer, [[2, 2], [2], [2, 2]])).toThrow(
    "SoftmaxWithLoss alone weighs classes",
  );
});
