import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet } from "../../support/nets.ts";

const loss = (param = "", bottoms = ""): string =>
  `type: "GeneralTripletLoss" bottom: "a" bottom: "b" ${bottoms} top: "y" top: "z" loss_weight: 1 loss_weight: 0 general_triplet_loss_param { ${param} }`;
const shapes = [[2, 3], [2]];
/** Of classes 1 and 0; terms with a margin of 0.2: 0.5, -, 0 and -, 1.7, 1.9. */
const distances = [0.2, 0.5, 1.5, 2.1, 0.6, 0.4];

describeEngines("GeneralTripletLoss", (engines) => {
  test.each([
    ["", 4.1 / 2, [-1, 1, 0, 1, -1, -1]],
    ["margin: 1.5", (1.8 + 0.5 + 3 + 3.2) / 2, [-1, 1, -1, 1, -1, -1]],
    ["hardest_only: true", 2.4 / 2, [-1, 1, 0, 1, 0, -1]],
    ["positive_first: true", 0.5 / 2, [-1, 1, 0, 1, 0, 0]],
    ["positive_weight: 2 negative_weight: 3", 12.3 / 2, [-3, 2, 0, 2, -3, -3]],
    ["margin: -1.5 add_center_loss: false", 0.2 / 2, [0, 0, 0, 1, 0, -1]],
    ["margin: -1.5", 0.2 / 2, [0, 1, 0, 1, 0, -1]],
  ])("wants the own centre nearer than others: %s", async (param, wanted, slopes) => {
    const net = layerNet(loss(param), shapes, { engines, forceBackward: true });
    const [y, z] = await forward(net, distances, [1, 0]);
    expect(y).toBeAllClose([wanted]);
    expect(z).toBeAllClose([2.6 / 2, (0.2 + 1.5 + 0.6 + 0.4) / 4]);
    await net.backward();
    await net.toHost();
    expect(Array.from(net.blob("a").diffValues())).toBeAllClose(slopes.map((slope) => slope / 2));
  });
});

test("GeneralTripletLoss multiplies the samples' gradients by the third bottom", async () => {
  const net = layerNet(loss("", 'bottom: "c"'), [...shapes, [2]], { forceBackward: true });
  const [y] = await forward(net, distances, [1, 0], [4, 0]);
  expect(y).toBeAllClose([2.05]);
  await net.backward();
  expect(Array.from(net.blob("a").diffValues())).toBeAllClose([-2, 2, 0, 0, 0, 0]);
  expect(() => layerNet(loss("", 'bottom: "c"'), [...shapes, [3]])).toThrow("bottom[2] has shape");
});

test.each([3, -1, Number.NaN])("GeneralTripletLoss refuses label %f", async (label) => {
  const net = layerNet(loss(), shapes);
  await expect(forward(net, distances, [label, 0])).rejects.toThrow("Expected 0 to 2, a class");
});
