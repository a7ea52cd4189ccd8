import { expect, test } from "vitest";
import { matchBoxes } from "../../../src/layers/detection/matching.ts";
import { describeEngines } from "../../support/engines.ts";
import { forward, keptLog, layerNet } from "../../support/nets.ts";

/** Three priors side by side, with variances of 1. */
const priors = [0, 0, 0.4, 1, 0.3, 0, 0.7, 1, 0.7, 0, 1, 1, ...new Array<number>(12).fill(1)];
const shapes = [
  [1, 12],
  [1, 6],
  [1, 2, 12],
  [1, 1, 1, 8],
];
const layer = (param = "", more = ""): string =>
  `type: "MultiBoxLoss" bottom: "a" bottom: "b" bottom: "c" bottom: "d" top: "y" propagate_down: true propagate_down: true propagate_down: false propagate_down: false multibox_loss_param { ${param.includes("num_classes") ? "" : "num_classes: 2"} ${param} } ${more}`;
const none = new Array<number>(12).fill(0);
const zeros = new Array<number>(6).fill(0);
/** One object of class 1, of the first prior's box. */
const object = [0, 1, 0, 0, 0, 0.4, 1, 0];

describeEngines("MultiBoxLoss", (engines) => {
  test("a prior with an object learns box and label, the worst others background", async () => {
    const net = layerNet(layer("neg_pos_ratio: 1"), shapes, { engines });
    // The first location is off by 0.5 and by 2; the last prior is surest of an object.
    const [loss] = await forward(
      net,
      [0.5, 2, ...none.slice(2)],
      [0, 0, 0, 0, 0, 1],
      priors,
      object,
    );
    const negative = Math.log(1 + Math.E);
    expect(loss).toBeAllClose([0.125 + 1.5 + Math.LN2 + negative]);
    await net.backward();
    await net.toHost();
    expect(net.blob("a").diffValues()).toBeAllClose([0.5, 1, ...none.slice(2)]);
    const share = Math.E / (1 + Math.E);
    expect(net.blob("b").diffValues()).toBeAllClose([0.5, -0.5, 0, 0, -share, share]);
  });
});

test.each([
  ["NONE takes every prior", "mining_type: NONE", "", 3 * Math.LN2],
  [
    "HARD_EXAMPLE takes the worst of all",
    "mining_type: HARD_EXAMPLE sample_size: 2",
    "",
    2 * Math.LN2,
  ],
  ["FULL divides by priors", "mining_type: NONE", "loss_param { normalization: FULL }", Math.LN2],
  ["an overlap of neg_overlap itself is no background", "neg_overlap: 0.0001", "", 2 * Math.LN2],
  ["sigmoids", "mining_type: NONE conf_loss_type: LOGISTIC", "", 6 * Math.LN2],
])("MultiBoxLoss: %s", async (_title, param, more, want) => {
  expect(await forward(layerNet(layer(param, more), shapes), none, zeros, priors, object)).toEqual([
    [expect.closeTo(want, 5)],
  ]);
});

test.each([
  ["with mining nothing", "", 0],
  ["without it background everywhere", "mining_type: NONE", 3 * Math.LN2],
])("no object at all: %s", async (_title, param, want) => {
  const nothing = [-1, ...object.slice(1)];
  const [[loss]] = (await forward(
    layerNet(layer(param), shapes),
    none,
    zeros,
    priors,
    nothing,
  )) as [[number]];
  expect(loss).toBeCloseTo(want, 5);
});

test("a bottom without a gradient takes its part out of the loss", async () => {
  const text = layer("neg_pos_ratio: 0").replace("propagate_down: true", "propagate_down: false");
  const net = layerNet(text, shapes);
  const [[loss]] = (await forward(net, [9, ...none.slice(1)], zeros, priors, object)) as [[number]];
  expect(loss).toBeCloseTo(Math.LN2, 5);
});

test("priors of what a net learned get no gradient, unless one is asked for", async () => {
  const learned = `type: "Scale" bottom: "c" top: "priors" scale_param { axis: 0 num_axes: -1 } } layer { name: "loss" `;
  const text = learned + layer("neg_pos_ratio: 0").replace('bottom: "c"', 'bottom: "priors"');
  const silentText = text.replace(/propagate_down: \w+/g, "");
  const net = layerNet(silentText, shapes);
  await forward(net, [0.5, ...none.slice(1)], zeros, priors, object);
  await net.backward();
  expect(net.blob("a").diffValues()[0]).toBeCloseTo(0.5, 5);
  expect(
    net.params
      .get("t")?.[0]
      ?.diffValues()
      .every((value) => value === 0),
  ).toBe(true);
  const asking = layerNet(text.replace("propagate_down: false", "propagate_down: true"), shapes);
  await forward(asking, none, zeros, priors, object);
  await expect(asking.backward()).rejects.toThrow(/cannot backpropagate to priors/);
});

test("with encode_variance_in_target the gradient is not divided by the variances, as in SSD", async () => {
  const net = layerNet(layer("encode_variance_in_target: true"), shapes);
  const halves = [...priors.slice(0, 12), ...new Array<number>(12).fill(0.5)];
  await forward(net, [0.1, ...none.slice(1)], zeros, halves, object);
  await net.backward();
  expect(net.blob("a").diffValues()[0]).toBeCloseTo(0.2, 5);
});

test("matching: each object has its best box, then boxes take what they overlap most", () => {
  const truth = (box: readonly [number, number, number, number], label = 1) => ({
    label,
    box,
    isDifficult: false,
  });
  const boxes = [
    [0, 0, 4, 1],
    [1, 0, 5, 1],
    [9, 0, 10, 1],
    [-1, 0, 3, 1],
  ] as const;
  const options = { perPrediction: true, threshold: 0.5, ignoresCrossing: false };
  const two = [truth([0, 0, 4, 1]), truth([0, 0, 5, 1], 2)];
  expect([...matchBoxes(two, boxes, options).indices]).toEqual([0, 1, -1, 0]);
  expect([...matchBoxes(two, boxes, { ...options, perPrediction: false }).indices]).toEqual([
    0, 1, -1, -1,
  ]);
  expect([...matchBoxes(two, boxes, { ...options, label: 2 }).indices]).toEqual([1, 1, -1, 1]);
  const ignoring = matchBoxes(two, boxes, { ...options, ignoresCrossing: true });
  expect([...ignoring.indices]).toEqual([-2, -2, -2, -2]);
  expect([...matchBoxes([truth([Number.NaN, 0, 1, 1])], boxes, options).indices]).toEqual([
    -1, -1, -1, -1,
  ]);
});

test.each([
  [
    "a label beyond the classes",
    "",
    [0, 2, ...object.slice(2)],
    "an object has label 2. Expected 0 to 1.",
  ],
  [
    "the background's label",
    "",
    [0, 0, ...object.slice(2)],
    "row 0 of the labels has label 0, the background",
  ],
  [
    "an object without an area",
    "code_type: CENTER_SIZE overlap_threshold: 0 use_prior_for_matching: true",
    [0, 1, 0, 0.1, 0, 0.1, 1, 0],
    undefined,
  ],
])("MultiBoxLoss with %s", async (_title, param, label, message) => {
  const run = forward(layerNet(layer(param), shapes), none, zeros, priors, label);
  if (message) await expect(run).rejects.toThrow(message);
  // It overlaps nothing, so nothing is matched with it.
  else expect(await run).toEqual([[0]]);
});

test("an image that the batch does not have counts for nothing", async () => {
  const elsewhere = [7, ...object.slice(1)];
  expect(await forward(layerNet(layer(), shapes), none, zeros, priors, elsewhere)).toEqual([[0]]);
});

test.each([
  ["num_classes: 0", shapes, "num_classes is 0"],
  ["share_location: false", shapes, "mining_type is MAX_NEGATIVE with share_location: false"],
  ["background_label_id: 2", shapes, "background_label_id is 2. Expected 0 to 1"],
  ["do_neg_mining: false", shapes, "do_neg_mining is false with mining_type: MAX_NEGATIVE"],
  [
    "num_classes: 3 map_object_to_agnostic: true",
    [
      [1, 12],
      [1, 9],
      [1, 2, 12],
      [1, 1, 1, 8],
    ],
    "num_classes is 3 with map_object_to_agnostic",
  ],
  [
    "",
    [
      [1, 8],
      [1, 6],
      [1, 2, 12],
      [1, 1, 1, 8],
    ],
    "locations have shape (1,8)",
  ],
  [
    "",
    [
      [1, 12],
      [1, 6],
      [1, 2, 12],
      [1, 8],
    ],
    "labels have shape (1,8). Expected (1,1,G,8)",
  ],
])("MultiBoxLoss refuses %s", (param, bottoms, message) => {
  expect(() => layerNet(layer(param), bottoms)).toThrow(message);
});

test("says that nothing is mined without top_k", () => {
  const { log, lines } = keptLog();
  layerNet(layer("nms_param { nms_threshold: 0.5 }"), shapes, { log });
  expect(lines.join()).toContain("nms_param has no top_k, which counts as 0");
});
