import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";

const tops = ["t", "u", "v", "w", "x", "y", "z"].map((top) => `top: "${top}"`).join(" ");
const layer = (param: string, more = ""): string =>
  `type: "ProposalTarget" bottom: "a" bottom: "b" ${tops} proposal_target_param { cls_num: 3 ${param} } ${more}`;
const agnostic = "bbox_reg_param { cls_aware: false }";
/** On the object, near it, apart from it. */
const rois = [0, 0, 0, 9, 9, 0, 0, 4, 9, 13, 0, 30, 30, 39, 39];
const objects = [0, 0, 0, 9, 9, 2, 0, 0];

test("ProposalTarget labels regions, objects among them, and says how they have to move", async () => {
  const net = layerNet(layer("batch_size: -1 fg_thr: 0.4 bg_thr_hg: 0.4 bg_thr_lw: 0"), [
    [3, 5],
    [1, 8],
  ]);
  const [sampled, labels, targets = [], within, of, matches = [], weights] = await forward(
    net,
    rois,
    objects,
  );
  // The object itself is the fourth region.
  expect(sampled).toEqual([
    ...[0, 0, 0, 9, 9, 0, 0, 4, 9, 13],
    ...[0, 0, 0, 9, 9, 0, 30, 30, 39, 39],
  ]);
  expect(labels).toEqual([2, 2, 2, 0]);
  expect(targets.slice(12, 24)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, Math.fround(-0.4), 0, 0]);
  expect(within!.slice(12, 24)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1]);
  expect(of).toEqual(within);
  expect(matches.slice(6, 12)).toEqual([2, 0, 0, 9, 9, Math.fround(60 / 140)]);
  expect(matches.slice(18)).toEqual([0, 0, 0, 0, 0, 0]);
  // A quarter of the weight is the foreground's.
  const third = Math.fround(1 / 3);
  expect(weights).toEqual([third, third, third, 3]);
});

test("ProposalTarget scales targets, and leaves out those beyond bbox_thr_lw", async () => {
  const scale = "bbox_std: 0.5 bbox_std: 0.5 bbox_std: 1 bbox_std: 1";
  const net = layerNet(
    layer(
      "batch_size: -1 fg_thr: 0.4 bg_thr_hg: 0.4 bbox_thr_lw: 0.5 append_gtbox: false",
      `bbox_reg_param { cls_aware: false bbox_mean: 0 bbox_mean: 0.5 bbox_mean: 0 bbox_mean: 0 ${scale} }`,
    ),
    [[3, 5], [1, 8]], // biome-ignore format: short
  );
  const [, labels, targets = [], within] = await forward(net, rois, objects);
  expect(labels).toEqual([2, 2]);
  expect(targets[13]).toBeCloseTo(-1.8, 6);
  expect(within!.slice(4, 8)).toEqual([1, 1, 1, 1]);
  expect(within!.slice(12)).toEqual([0, 0, 0, 0]);
});

test("ProposalTarget draws by chance, and its stream goes on from a snapshot", async () => {
  const many = Array.from({ length: 20 }, (_, r) => [0, r, 0, r + 9, 9]).flat();
  const text = layer("batch_size: 4 fg_fraction: 0.5 bg_thr_lw: 0", agnostic);
  const shapes = [[20, 5], [1, 8]]; // biome-ignore format: short
  const draw = async (net: ReturnType<typeof layerNet>): Promise<number[][]> =>
    (await forward(net, many, objects)).slice(0, 2);
  const net = layerNet(text, shapes);
  const [regions, labels] = await draw(net);
  expect(labels).toEqual([2, 2, 0, 0]);
  const state = net.layers.find(({ param }) => param.name === "t")!.state()!;
  const next = await draw(net);
  expect(next[0]).not.toEqual(regions);
  const resumed = layerNet(text, shapes);
  const own = resumed.layers.find(({ param }) => param.name === "t")!;
  expect(own.refuses(state)).toBeUndefined();
  own.restore(state);
  expect(await draw(resumed)).toEqual(next);
});

test("ProposalTarget without objects has background alone, and draws a region where there is none", async () => {
  const param = "num_img_per_batch: 1 img_width: 100 img_height: 80";
  const shapes = [[3, 5], [1, 8]]; // biome-ignore format: short
  const none = [-1, 0, 0, 0, 0, 0, 0, 0];
  const net = layerNet(layer(`batch_size: 2 ${param}`, agnostic), shapes);
  const [sampled, labels] = await forward(net, rois, none);
  expect(labels).toEqual([0, 0]);
  expect(sampled).toEqual(rois.slice(0, 10));
  const empty = layerNet(layer(`batch_size: 2 pickup_discard: false ${param}`, agnostic), shapes);
  const [drawn = [], drawnLabels] = await forward(empty, rois, none);
  expect(drawnLabels).toEqual([0]);
  const [, x = 0, y = 0, right = 0, bottom = 0] = drawn;
  expect([right - x + 1 >= 32, bottom - y + 1 >= 32, right < 100, bottom < 80]).toEqual(
    new Array(4).fill(true),
  );
  const unsized = layerNet(layer("batch_size: 2 pickup_discard: false", agnostic), shapes);
  await expect(forward(unsized, rois, none)).rejects.toThrow("1 regions too few");
});

test("ProposalTarget with rows of 7 fills up the batch, and boxes overlap as in MS-CNN", async () => {
  const param = "batch_size: 6 fg_thr: 0.4 bg_thr_hg: 0.4 fg_fraction: 0.5 num_img_per_batch: 1";
  const net = layerNet(layer(`${param} img_width: 64 img_height: 64`, agnostic), [
    [3, 5],
    [1, 7],
  ]);
  const [sampled, labels, , , , matches] = await forward(net, rois, objects.slice(0, 7));
  expect(labels!.filter((label) => label === 2)).toHaveLength(3);
  expect(sampled).toHaveLength(30);
  expect(matches!.slice(6, 12)).toEqual([2, 0, 0, 9, 9, Math.fround(60 / 140)]);
});

test("ProposalTarget takes regions that are no number for background, and refuses what would be wrong", async () => {
  const shapes = [[3, 5], [1, 8]]; // biome-ignore format: short
  const net = layerNet(layer("batch_size: 3"), shapes);
  const broken = [0, Number.NaN, 0, 9, 9, ...rois.slice(5)];
  expect((await forward(net, broken, objects))[1]).toEqual([2, 0, 0]);
  await expect(forward(net, [4, ...rois.slice(1)], objects)).rejects.toThrow(
    "region 0 lies in image 4. Expected 0 to 3",
  );
  await expect(forward(net, rois, [0, 0, 0, 9, 9, 3, 0, 0])).rejects.toThrow(
    "object 0 has label 3. Expected 1 to 2",
  );
  await expect(forward(net, rois, [9, 0, 0, 9, 9, 2, 0, 0])).rejects.toThrow("object 0 lies in");
  expect(() => layerNet(layer(""), [[3, 4], [1, 8]])).toThrow("regions have shape (3,4)"); // biome-ignore format: short
  expect(() => layerNet(layer(""), [[3, 5], [1, 6]])).toThrow("objects have shape (1,6)"); // biome-ignore format: short
  expect(() => layerNet(layer("batch_size: 0"), shapes)).toThrow("batch_size is 0");
  expect(() => layerNet(layer("fg_thr: 0.3"), shapes)).toThrow("bg_thr_hg is 0.5");
});
