import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";

test("SoftmaxWithLossOHEM tells each region's loss, 0 where its label is ignored", async () => {
  const net = layerNet(
    `type: "SoftmaxWithLossOHEM" bottom: "a" bottom: "b" top: "y" top: "p" top: "z" loss_param { ignore_label: -1 normalization: PRE_FIXED pre_fixed_normalizer: 8 }`,
    [[3, 2], [3]],
  );
  const [, loss, each] = await forward(net, [0, 0, Math.log(3), 0, 5, 7], [1, 0, -1]);
  expect(each).toBeAllClose([Math.LN2, Math.log(4 / 3), 0]);
  expect(loss).toBeAllClose([(Math.LN2 + Math.log(4 / 3)) / 8]);
});

test("PRE_FIXED stays refused where nothing obeys it", () => {
  expect(() =>
    layerNet(
      `type: "SoftmaxWithLoss" bottom: "a" bottom: "b" top: "y" loss_param { normalization: PRE_FIXED }`,
      [[3, 2], [3]],
    ),
  ).toThrow("PRE_FIXED is not known");
});
