import { expect, test } from "vitest";
import { expectFirstGradient } from "../../support/first-gradient.ts";
import { forward, layerNet, noise } from "../../support/nets.ts";

const layer = (param: string, more = ""): string =>
  `type: "DetectionGroupLoss" bottom: "a" bottom: "b" bottom: "c" top: "y" detection_group_loss_param { cls_num: 3 field_w: 16 field_h: 8 field_w: 8 field_h: 8 stride: 8 ${param} } ${more}`;
const shapes = [[2, 3, 1, 3], [2, 4, 1, 3], [2, 6, 1, 3]]; // biome-ignore format: short
const anchor = (label: number, overlap: number): number[] => [
  ...[label, 0, 0, 8, 0, 0, 4, 0, 0],
  ...[16, 0, 0, 8, 0, 0, overlap, 0.1, 0.6],
];
/** The first anchor sees an object of class 2 in its first cell, the second nothing that counts there. */
const labels = [...anchor(2, 0.75), ...anchor(-1, 0.4)];
const still = [new Array<number>(18).fill(0), new Array<number>(24).fill(0), labels];

test("DetectionGroupLoss is that of classes, over all taken, and that of offsets", async () => {
  const net = layerNet(layer("lambda: 2"), shapes);
  const box = 2 * (0.25 ** 2 / 2 / 4);
  expect(await forward(net, ...still)).toEqual([
    [expect.closeTo(Math.log(3) + box, 6), expect.closeTo(box, 6)],
  ]);
});

test.each([
  [""],
  ["bbox_loss_type: 'Euclidean_L2' lambda: 3 field_xyr: 0.25 field_whr: 4"],
  ["pos_neg_weighted: true bg_multiple: 1"],
  ["neg_mining_type: 'bootstrap' batch_size: 2 bg_multiple: 1"],
  ["neg_mining_type: 'bootstrap' neg_ranking_type: 'conf_prob' min_num_neg: 1 bg_multiple: 1"],
])(
  "the gradient of DetectionGroupLoss with %s is the derivative of its first number",
  async (param) => {
    const net = layerNet(layer(param), shapes, { dtype: "f64" });
    const values = noise(42);
    await expectFirstGradient(net, [values.slice(0, 18), values.slice(18), labels], ["a", "b"]);
  },
);

test("DetectionGroupLoss draws as many as batch_size says, the hardest of background first", async () => {
  const cells = 40;
  const wide = [[2, 3, 1, cells], [2, 4, 1, cells], [2, 6, 1, cells]]; // biome-ignore format: short
  const maps = [6 * cells, 8 * cells, 12 * cells].map((count) => new Array<number>(count).fill(0));
  // Ten objects of class 1; the further right, the less the second anchor's background is likely.
  maps[2]!.fill(1, 0, 10);
  for (let cell = 0; cell < cells; cell++) maps[0]![3 * cells + cell] = -cell / 10;
  const counts = async (mining: string): Promise<[number, number, number]> => {
    const net = layerNet(layer(`neg_mining_type: '${mining}' batch_size: 12 bg_multiple: 1`), wide);
    await forward(net, ...maps);
    await net.backward();
    await net.toHost();
    const dx = net.blob("a").diff;
    const taken = (from: number, to: number): number =>
      [...dx.slice(from, to)].filter((slope) => slope !== 0).length;
    const second = 3 * cells;
    return [taken(0, 10), taken(10, cells) + taken(second, second + cells), taken(second + 34, second + cells)]; // biome-ignore format: short
  };
  expect(await counts("bootstrap")).toEqual([6, 6, 6]);
  expect((await counts("random")).slice(0, 2)).toEqual([6, 6]);
  const [objects, background, hardest] = await counts("mixture");
  expect([objects, background]).toEqual([6, 6]);
  expect(hardest).toBeGreaterThanOrEqual(3);
});

test("DetectionGroupLoss refuses labels beyond its classes and shapes that do not fit", async () => {
  const net = layerNet(layer(""), shapes);
  const wrong = [...anchor(3, 0.75), ...anchor(-1, 0.4)];
  await expect(forward(net, still[0]!, still[1]!, wrong)).rejects.toThrow("label 3 at cell 0");
  const scores = still[0]!.map(() => Number.NaN);
  expect((await forward(net, scores, still[1]!, labels))[0]![0]).toBeNaN();
  const odd = [[3, 3, 1, 3], [3, 4, 1, 3], [3, 6, 1, 3]]; // biome-ignore format: short
  expect(() => layerNet(layer(""), odd)).toThrow("Expected (N·2)×3×H×W");
  expect(() => layerNet(layer("field_w: 4"), shapes)).toThrow("3 field_w, 2 field_h");
  expect(() => layerNet(layer("neg_mining_type: 'none'"), shapes)).toThrow('is "none"');
  expect(() => layerNet(layer("batch_size: 0"), shapes)).toThrow("batch_size is 0");
});
