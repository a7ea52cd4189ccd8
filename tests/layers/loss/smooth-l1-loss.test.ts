import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, keptLog, layerNet } from "../../support/nets.ts";

const bottoms = (n: number): string =>
  ["a", "b", "c", "d"]
    .slice(0, n)
    .map((name) => `bottom: "${name}"`)
    .join(" ");
const shapes = (n: number): number[][] => new Array(n).fill([2, 2]);

describeEngines("SmoothL1Loss", (engines) => {
  test.each([
    [
      "SSD's",
      2,
      "",
      [
        [0.5, 2, -3, 0],
        [0, 0, 0, 0],
      ],
      (0.125 + 1.5 + 2.5) / 2,
    ],
    [
      "of sigma 2",
      2,
      "loss_weight: 1 smooth_l1_loss_param { sigma: 2 }",
      [
        [0.1, 2, 0, 0],
        [0, 0, 0, 0],
      ],
      (0.02 + 1.875) / 2,
    ],
    [
      "with weights",
      4,
      "loss_weight: 1",
      [
        [0.5, 2, 0, 0],
        [0, 0, 0, 0],
        [2, 0.25, 1, 1],
        [3, 8, 1, 1],
      ],
      (3 * 0.5 + 8 * 0.125) / 2,
    ],
  ])("%s", async (_title, n, param, inputs, want) => {
    const net = layerNet(`type: "SmoothL1Loss" ${bottoms(n)} top: "y" ${param}`, shapes(n), {
      engines,
    });
    expect((await forward(net, ...inputs))[0]).toBeAllClose([want]);
  });
});

test.each([
  ["SSD's", 2, "", 1],
  ["Fast R-CNN's by its parameter", 2, "smooth_l1_loss_param { sigma: 1 }", 0],
  ["Fast R-CNN's by its bottoms", 4, "", 0],
  ["SmoothL1LossOHEM", 3, "", 0],
])("which weight counts where none is written: %s", async (title, n, param, weight) => {
  const { log, lines } = keptLog();
  const type = title === "SmoothL1LossOHEM" ? title : "SmoothL1Loss";
  const net = layerNet(`type: "${type}" ${bottoms(n)} top: "y" ${param}`, shapes(n), { log });
  for (let i = 0; i < n; i++)
    net.blob("abcd"[i] as string).data.fill(i === 0 ? 2 : i === 1 ? 0 : 1);
  expect(await net.forward()).toBeCloseTo(weight * 3, 5);
  expect(lines.some((line) => line.includes("adds nothing to the objective"))).toBe(weight === 0);
});

test("SmoothL1Loss wants 2 or 4 bottoms of one shape", () => {
  expect(() => layerNet(`type: "SmoothL1Loss" ${bottoms(3)} top: "y"`, shapes(3))).toThrow(
    "3 bottoms. Expected 2, or 4",
  );
  expect(() =>
    layerNet(`type: "SmoothL1Loss" ${bottoms(2)} top: "y"`, [
      [2, 2],
      [2, 3],
    ]),
  ).toThrow("bottom 1 has shape (2,3)");
});

test("SmoothL1LossOHEM tells each region's loss, and its weights do not scale the gradient", async () => {
  const net = layerNet(
    `type: "SmoothL1LossOHEM" ${bottoms(3)} top: "y" top: "z" loss_weight: 1 loss_weight: 0 loss_param { normalization: PRE_FIXED pre_fixed_normalizer: 4 }`,
    shapes(3),
  );
  const [loss, each] = await forward(net, [1, 2, 4, 0], [0, 0, 0, 0], [0.5, 1, 1, 1]);
  expect(each).toBeAllClose([0.125 + 1.5, 3.5]);
  expect(loss).toBeAllClose([(1.625 + 3.5) / 4]);
  await net.backward();
  expect(net.blob("a").diffValues()).toBeAllClose([0.125, 0.25, 0.25, 0]);
});

test("SoftmaxWithLossOHEM tells each region's loss, 0 where its label is ignored", async () => {
  const net = layerNet(
    `type: "SoftmaxWithLossOHEM" ${bottoms(2)} top: "y" top: "p" top: "z" loss_param { ignore_label: -1 normalization: PRE_FIXED pre_fixed_normalizer: 8 }`,
    [[3, 2], [3]],
  );
  const [, loss, each] = await forward(net, [0, 0, Math.log(3), 0, 5, 7], [1, 0, -1]);
  expect(each).toBeAllClose([Math.LN2, Math.log(4 / 3), 0]);
  expect(loss).toBeAllClose([(Math.LN2 + Math.log(4 / 3)) / 8]);
});

test("PRE_FIXED stays refused where nothing obeys it", () => {
  expect(() =>
    layerNet(
      `type: "SoftmaxWithLoss" ${bottoms(2)} top: "y" loss_param { normalization: PRE_FIXED }`,
      [[3, 2], [3]],
    ),
  ).toThrow("PRE_FIXED is not known");
});

test("BoxAnnotatorOHEM keeps the regions of greatest loss, image by image", async () => {
  const net = layerNet(
    `type: "BoxAnnotatorOHEM" ${bottoms(4)} top: "y" top: "z" box_annotator_ohem_param { roi_per_img: 1 ignore_label: -2 }`,
    [[3, 5], [3], [3], [3, 2]],
  );
  const rois = [0, 1].flatMap(() => [0, 0, 0, 0, 0]).concat([1, 0, 0, 0, 0]);
  expect(await forward(net, rois, [1, 2, 0], [5, 6, 7], [1, 1, 2, 2, 3, 3])).toEqual([
    [-2, 6, 7],
    [0, 0, 2, 2, 3, 3],
  ]);
  await expect(
    forward(net, [-1, ...rois.slice(1)], [1, 2, 0], [5, 6, 7], [1, 1, 2, 2, 3, 3]),
  ).rejects.toThrow("roi 0 lies in image -1");
});

test("BoxAnnotatorOHEM refuses what does not fit", () => {
  const text = (each: number): string =>
    `type: "BoxAnnotatorOHEM" ${bottoms(4)} top: "y" top: "z" box_annotator_ohem_param { roi_per_img: ${each} }`;
  expect(() => layerNet(text(0), [[3, 5], [3], [3], [3, 2]])).toThrow("roi_per_img is 0");
  expect(() => layerNet(text(1), [[3, 4], [3], [3], [3, 2]])).toThrow("rois have shape (3,4)");
  expect(() => layerNet(text(1), [[3, 5], [2], [3], [3, 2]])).toThrow("losses have shape (2)");
});
