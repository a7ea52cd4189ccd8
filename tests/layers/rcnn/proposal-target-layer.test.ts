import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "Python" bottom: "a" bottom: "b" ${["p", "q", "r", "s", "u"].map((top) => `top: "${top}"`).join(" ")} python_param { module: "rpn.proposal_target_layer" layer: "ProposalTargetLayer" param_str: "${param}" }`;
const shapes = [[3, 5], [1, 5]]; // biome-ignore format: short
/** Near the object, apart from it, and no number. */
const rois = [0, 0, 2, 9, 11, 0, 30, 30, 39, 39, 0, Number.NaN, 0, 9, 9];
const object = [0, 0, 9, 9, 2];

test("ProposalTargetLayer chooses regions, objects among them, and scales what they are to learn", async () => {
  const net = layerNet(layer("'num_classes': 3"), shapes);
  const [regions = [], labels, targets = [], within = [], of] = await forward(net, rois, object);
  expect(labels).toEqual([2, 2, 0, 0]);
  expect(regions.slice(0, 10)).toEqual([0, 0, 2, 9, 11, 0, 0, 0, 9, 9]);
  // A fifth of its height up, over a deviation of 0.1.
  expect(targets.slice(8, 12)).toEqual([0, -2, 0, 0]);
  expect(targets.slice(0, 8)).toEqual(new Array(8).fill(0));
  expect(within.slice(0, 12)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1]);
  expect(of).toEqual(within);
  expect(within.slice(24)).toEqual(new Array(24).fill(0));
});

test("ProposalTargetLayer with num_classes 2 has one target for all objects", async () => {
  const net = layerNet(layer("'num_classes': 2"), shapes);
  const [, labels, , within = []] = await forward(net, rois, [0, 0, 9, 9, 17]);
  expect(labels).toEqual([17, 17, 0, 0]);
  expect(within.slice(0, 8)).toEqual([0, 0, 0, 0, 1, 1, 1, 1]);
});

test("ProposalTargetLayer draws a batch, and its stream goes on from a snapshot", async () => {
  const many = Array.from({ length: 40 }, (_, r) => [0, r, 0, r + 9, 9]).flat();
  const text = layer("'num_classes': 3, 'BATCH_SIZE': 8");
  const wide = [[40, 5], [1, 5]]; // biome-ignore format: short
  const net = layerNet(text, wide);
  const [first, labels] = await forward(net, many, object);
  expect(labels).toEqual([2, 2, 0, 0, 0, 0, 0, 0]);
  const own = (of: typeof net) => of.layers.find(({ param }) => param.name === "t")!;
  const state = own(net).state()!;
  const [next] = await forward(net, many, object);
  expect(next).not.toEqual(first);
  const resumed = layerNet(text, wide);
  own(resumed).restore(state);
  expect((await forward(resumed, many, object))[0]).toEqual(next);
  expect(own(resumed).refuses({ random: [1] })).toContain("Expected 4 numbers");
});

test("ProposalTargetLayer without objects has background alone", async () => {
  const net = layerNet(layer("'num_classes': 3"), [[2, 5], [0, 5]]); // biome-ignore format: short
  expect((await forward(net, rois.slice(0, 10), []))[1]).toEqual([0, 0]);
});

test("ProposalTargetLayer refuses labels beyond its classes, other images, and values that do not fit", async () => {
  const net = layerNet(layer("'num_classes': 3"), shapes);
  await expect(forward(net, rois, [0, 0, 9, 9, 3])).rejects.toThrow(
    "object 0 has label 3. Expected 1 to 2",
  );
  await expect(forward(net, [1, ...rois.slice(1)], object)).rejects.toThrow("lies in image 1");
  expect(() => layerNet(layer("'num_classes': 1"), shapes)).toThrow("num_classes is 1");
  expect(() => layerNet(layer("'classes': 3"), shapes)).toThrow("param_str has classes");
  expect(() => layerNet(layer("'num_classes': 3, 'BATCH_SIZE': 0"), shapes)).toThrow("is 0");
  const stds = "'num_classes': 3, 'BBOX_NORMALIZE_STDS': [1, 1]";
  expect(() => layerNet(layer(stds), shapes)).toThrow("BBOX_NORMALIZE_STDS 2 numbers");
  expect(() => layerNet(layer("'num_classes': 3"), [[3, 4], [1, 5]])).toThrow("(3,4)"); // biome-ignore format: short
});
