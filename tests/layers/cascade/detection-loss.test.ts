import { expect, test } from "vitest";
import { expectFirstGradient } from "../../support/first-gradient.ts";
import { forward, layerNet, noise } from "../../support/nets.ts";

const layer = (param: string, more = ""): string =>
  `type: "DetectionLoss" bottom: "a" bottom: "b" top: "y" detection_loss_param { cls_num: 3 field_w: 16 field_h: 8 downsample_rate: 8 ${param} } ${more}`;
const shapes = [[1, 7, 1, 4], [1, 6, 1, 4]]; // biome-ignore format: short
/** An object of class 2 in the first cell; of background the third cell overlaps too much. */
const labels = [
  ...[2, 0, 0, 0],
  ...[8, 0, 0, 0],
  ...[4, 0, 0, 0],
  ...[16, 0, 0, 0],
  ...[8, 0, 0, 0],
  ...[0.75, 0.1, 0.6, 0],
];
const all = 'sample_mode: "all"';

test("DetectionLoss is that of classes, over all that count, and that of offsets", async () => {
  const net = layerNet(layer(`${all} lambda: 2`), shapes);
  // The object's middle lies a quarter of the field to the right.
  const [y] = await forward(net, new Array<number>(28).fill(0), labels);
  const box = 2 * (0.25 ** 2 / 2 / 4);
  expect(y).toEqual([expect.closeTo(Math.log(3) + box, 6), expect.closeTo(box, 6)]);
});

test.each([
  [all],
  [`${all} bb_smooth: false lambda: 3 iou_weighted: true`],
  [`${all} pos_neg_weighted: true bg_multiple: 1`],
  ['sample_mode: "bootstrap" bg_multiple: 1'],
])("the gradient of DetectionLoss with %s is the derivative of its first number", async (param) => {
  const scale =
    "bbox_reg_param { bbox_mean: 0 bbox_mean: 0 bbox_mean: 0.1 bbox_mean: 0 bbox_std: 0.5 bbox_std: 0.5 bbox_std: 1 bbox_std: 2 }";
  const net = layerNet(layer(param, scale), shapes, { dtype: "f64" });
  await expectFirstGradient(net, [noise(28).map((x) => x / 4), labels], ["a"]);
});

test("DetectionLoss takes the hardest background, draws it, or both", async () => {
  const wide = [[1, 7, 1, 30], [1, 6, 1, 30]]; // biome-ignore format: short
  const scores = Array.from({ length: 7 * 30 }, (_, i) => (i % 30) / 10);
  const none = new Array<number>(180).fill(0);
  const touched = async (mode: string): Promise<number[]> => {
    const net = layerNet(layer(`sample_mode: "${mode}" bg_multiple: 2`), wide);
    await forward(net, scores, none);
    await net.backward();
    await net.toHost();
    const dx = net.blob("a").diff;
    return [...Array(30).keys()].filter((cell) => dx[cell] !== 0);
  };
  expect(await touched("bootstrap")).toEqual([26, 27, 28, 29]);
  const drawn = await touched("random");
  expect(drawn.length).toBeGreaterThan(3);
  expect(drawn.length).toBeLessThan(9);
  expect(await touched("mixture")).toEqual(expect.arrayContaining([26, 27, 28, 29]));
  expect(await touched("all")).toHaveLength(30);
});

test("DetectionLoss refuses labels beyond its classes and shapes that do not fit", async () => {
  const net = layerNet(layer(all), shapes);
  const wrong = [3, ...labels.slice(1)];
  await expect(forward(net, noise(28), wrong)).rejects.toThrow("label 3 at cell 0");
  const ignoring = layerNet(layer(all, "loss_param { ignore_label: 3 }"), shapes);
  expect((await forward(ignoring, noise(28), wrong))[0]![1]).toBe(0);
  const none = layerNet(layer(all), [[0, 7, 1, 4], [0, 6, 1, 4]]); // biome-ignore format: short
  expect(await forward(none, [], [])).toEqual([[0, 0]]);
  expect(() => layerNet(layer(all), [[1, 6, 1, 4], [1, 6, 1, 4]])).toThrow("N×7×H×W"); // biome-ignore format: short
  expect(() => layerNet(layer("coord_num: 5"), shapes)).toThrow("coord_num is 5");
  expect(() => layerNet(layer("objectness: true"), shapes)).toThrow("cls_num is 3");
});
