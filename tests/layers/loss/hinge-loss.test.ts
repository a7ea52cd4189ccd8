import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, forward, layerNet } from "../../support/nets.ts";

const layer = (param = ""): string => `type: "HingeLoss" bottom: "a" bottom: "b" top: "y" ${param}`;

describeEngines("HingeLoss", (engines) => {
  test.each([
    ["", 0.5 + 1.25],
    ["hinge_loss_param { norm: L2 }", 0.5 ** 2 + 1.25 ** 2],
  ])("counts what is within the margin: %s", async (param, loss) => {
    const net = layerNet(layer(param), [[1, 3], [1]], { engines });
    expect((await forward(net, [0.5, 0.25, -2], [0]))[0]).toBeAllClose([loss]);
  });

  test("refuses a label that is no class", async () => {
    await expect(
      forward(layerNet(layer(), [[1, 3], [1]], { engines }), [0, 0, 0], [3]),
    ).rejects.toThrow("label 3 at position 0. Expected 0 to 2");
  });
});

test.each(["", "hinge_loss_param { norm: L2 }"])(
  "the gradient of HingeLoss agrees with differences: %s",
  async (param) => {
    await checkGradient(layer(param), [[3, 4], [3]], {
      inputs: [
        [0.3, -0.2, 1.5, -2, 0.4, 0.1, -0.7, 2, 0.9, -1.4, 0.2, 0.6],
        [1, 3, 0],
      ],
    });
  },
);

test("HingeLoss wants a label for each sample", () => {
  expect(() => layerNet(layer(), [[2, 3], [3]])).toThrow(
    "3 labels, shape (3), for scores of shape (2,3). Number of labels must match number of predictions: expected 2",
  );
});
