import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";

test("SmoothL1LossOHEM tells each region's loss, and its weights do not scale the gradient", async () => {
  const net = layerNet(
    `type: "SmoothL1LossOHEM" bottom: "a" bottom: "b" bottom: "c" top: "y" top: "z" loss_weight: 1 loss_weight: 0 loss_param { normalization: PRE_FIXED pre_fixed_normalizer: 4 }`,
    [
      [2, 2],
      [2, 2],
      [2, 2],
    ],
  );
  const [loss, each] = await forward(net, [1, 2, 4, 0], [0, 0, 0, 0], [0.5, 1, 1, 1]);
  expect(each).toBeAllClose([0.125 + 1.5, 3.5]);
  expect(loss).toBeAllClose([(1.625 + 3.5) / 4]);
  await net.backward();
  expect(net.blob("a").diffValues()).toBeAllClose([0.125, 0.25, 0.25, 0]);
});
