import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, forward, layerNet } from "../../support/nets.ts";

const layer = (param = ""): string =>
  `type: "SigmoidCrossEntropyLoss" bottom: "a" bottom: "b" top: "y" ${param}`;
const log = (x: number, t: number): number =>
  -(t * Math.log(1 / (1 + Math.exp(-x))) + (1 - t) * Math.log(1 - 1 / (1 + Math.exp(-x))));
const sum = log(1, 1) + log(-2, 0.3) + log(3, 0) + log(0.5, 1);

describeEngines("SigmoidCrossEntropyLoss", (engines) => {
  test.each([
    ["", sum / 2],
    ["loss_param { normalization: FULL }", sum / 4],
    ["loss_param { normalization: NONE }", sum],
    ["loss_param { ignore_label: 1 normalization: VALID }", (log(-2, 0.3) + log(3, 0)) / 2],
    ["loss_param { normalize: true }", sum / 4],
  ])("is the log loss: %s", async (param, loss) => {
    const net = layerNet(
      layer(param),
      [
        [2, 2],
        [2, 2],
      ],
      { engines },
    );
    expect((await forward(net, [1, -2, 3, 0.5], [1, 0.3, 0, 1]))[0]).toBeAllClose([loss]);
  });

  test("does not overflow", async () => {
    const net = layerNet(
      layer("loss_param { normalization: NONE }"),
      [
        [1, 2],
        [1, 2],
      ],
      { engines },
    );
    expect((await forward(net, [1000, -1000], [0, 1]))[0]).toBeAllClose([2000]);
  });
});

test.each(["", "loss_param { ignore_label: 0 }", "loss_param { normalization: NONE }"])(
  "the gradient of SigmoidCrossEntropyLoss agrees with differences: %s",
  async (param) => {
    await checkGradient(
      layer(param),
      [
        [2, 3],
        [2, 3],
      ],
      {
        inputs: [
          [0.1, -2, 3, 0.7, 1, -0.4],
          [1, 0, 1, 1, 0, 1],
        ],
      },
    );
  },
);

test("SigmoidCrossEntropyLoss wants as many targets as scores", () => {
  expect(() =>
    layerNet(layer(), [
      [2, 3],
      [2, 2],
    ]),
  ).toThrow("must have the same count");
});
