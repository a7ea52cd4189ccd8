import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet } from "../../support/nets.ts";

const loss = (param = "", bottoms = ""): string =>
  `type: "GeneralContrastiveLoss" bottom: "a" bottom: "b" ${bottoms} top: "y" top: "z" loss_weight: 1 loss_weight: 0 general_contrastive_loss_param { ${param} }`;
const shapes = [[2, 3], [2]];
/** Of classes 1 and 0. */
const distances = [0.2, 0.5, 1.5, 3, 0.9, 0.6];

describeEngines("GeneralContrastiveLoss", (engines) => {
  test.each([
    ["", (0.8 + 0.5 + 3 + 0.1 + 0.4) / 2, [-1, 1, 0, 1, -1, -1]],
    ["positive_weight: 2 negative_weight: 3", (2 * 3.5 + 3 * 1.3) / 2, [-3, 2, 0, 2, -3, -3]],
    ["positive_margin: 1", (0 + 0.8 + 2 + 0.5) / 2, [-1, 0, 0, 1, -1, -1]],
    ["positive_outlier_thresh: 2", (0.8 + 0.5 + 2 + 0.5) / 2, [-1, 1, 0, 0, -1, -1]],
    ["max_negative_only: true", (0.8 + 0.5 + 3 + 0.4) / 2, [-1, 1, 0, 1, 0, -1]],
    ["max_positive_only: true", (0.8 + 0.5 + 0.5) / 2, [-1, 1, 0, 0, -1, -1]],
    ["positive_first: true", (0.8 + 0.5 + 3) / 2, [-1, 1, 0, 1, 0, 0]],
    // The others' slopes are 3 in two samples.
    ["normalize_negative: 0.5", 4.8 / 2, [-1 / 3, 1, 0, 1, -1 / 3, -1 / 3]],
    [
      "exp_negative_weight: true",
      (0.5 + 3 + Math.exp(-0.2) + Math.exp(-0.9) + Math.exp(-0.6)) / 2,
      [-Math.exp(-0.2), 1, 0, 1, -Math.exp(-0.9), -Math.exp(-0.6)],
    ],
  ])("draws to the own centre and drives from others: %s", async (param, wanted, slopes) => {
    const net = layerNet(loss(param), shapes, { engines, forceBackward: true });
    const [y] = await forward(net, distances, [1, 0]);
    expect(y).toBeAllClose([wanted]);
    await net.backward();
    await net.toHost();
    expect(Array.from(net.blob("a").diffValues())).toBeAllClose(slopes.map((slope) => slope / 2));
  });
});

test("GeneralContrastiveLoss tells mean distances, and its margin follows the own ones", async () => {
  const net = layerNet(loss("add_intra_mae: true"), shapes);
  const first = await forward(net, distances, [1, 0]);
  expect(first[1]).toBeAllClose([1.75, 1.3 / 4, 0.0175]);
  const state = net.layers.at(-1)?.state() ?? {};
  const second = await forward(net, distances, [1, 0]);
  expect(second[0]).toBeAllClose([(3.5 + 1.3 + 3 * 0.0175) / 2]);
  const resumed = layerNet(loss("add_intra_mae: true"), shapes);
  await resumed.layers.at(-1)?.restore(state);
  expect(await forward(resumed, distances, [1, 0])).toEqual(second);
});

test("GeneralContrastiveLoss judges the third bottom's distances", async () => {
  const net = layerNet(loss("", 'bottom: "c"'), [...shapes, [2, 3]], { forceBackward: true });
  const [y] = await forward(net, [0, 0, 0, 0, 0, 0], [1, 0], distances);
  expect(y).toBeAllClose([2.4]);
  await net.backward();
  expect(Array.from(net.blob("a").diffValues())).toEqual([-0.5, 0.5, 0, 0.5, -0.5, -0.5]);
  expect(() => layerNet(loss("", 'bottom: "c"'), [...shapes, [2]])).toThrow("bottom[2] has shape");
});

test("GeneralContrastiveLoss says that square has no effect", () => {
  const warnings: string[] = [];
  layerNet(loss("square: true"), shapes, { log: (_level, _source, text) => warnings.push(text) });
  expect(warnings.join()).toContain("square has no effect");
});

test.each([3, -1, Number.NaN])("GeneralContrastiveLoss refuses label %f", async (label) => {
  const net = layerNet(loss(), shapes);
  await expect(forward(net, distances, [label, 0])).rejects.toThrow("Expected 0 to 2, a class");
});

test("GeneralContrastiveLoss wants normalize_negative above 0", () => {
  expect(() => layerNet(loss("normalize_negative: 0"), shapes)).toThrow("Expected more than 0");
});
