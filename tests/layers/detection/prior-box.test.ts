import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, keptLog, layerNet, write } from "../../support/nets.ts";

const layer = (param: string): string =>
  `type: "PriorBox" bottom: "a" bottom: "b" top: "y" prior_box_param { ${param} }`;
const shapes = [
  [1, 1, 1, 2],
  [1, 3, 10, 20],
];

/** The boxes of a net's only pass, without their variances. */
async function boxesOf(text: string, bottoms = shapes): Promise<number[]> {
  const [values = []] = await forward(layerNet(text, bottoms), [], []);
  return values.slice(0, values.length / 2);
}

describeEngines("PriorBox", (engines) => {
  test("boxes around every cell, in shares of the image, and their variances", async () => {
    const net = layerNet(
      layer("min_size: 4 variance: 0.1 variance: 0.2 variance: 0.3 variance: 4"),
      shapes,
      {
        engines,
      },
    );
    const [values = []] = await forward(net, [], []);
    expect(net.blob("y").shape).toEqual([1, 2, 8]);
    // Middles at (5, 5) and (15, 5).
    expect(values.slice(0, 8)).toBeAllClose([0.15, 0.3, 0.35, 0.7, 0.65, 0.3, 0.85, 0.7]);
    expect(values.slice(8)).toBeAllClose([0.1, 0.2, 0.3, 4, 0.1, 0.2, 0.3, 4]);
  });

  test("follows the map and the image to other sizes", async () => {
    const net = layerNet(layer("min_size: 4"), shapes, { engines });
    await forward(net, [], []);
    net.blob("a").reshape([1, 1, 1, 1]);
    net.blob("b").reshape([1, 3, 8, 8]);
    net.reshape();
    const [values] = await forward(net, [], []);
    expect(values).toBeAllClose([0.25, 0.25, 0.75, 0.75, 0.1, 0.1, 0.1, 0.1]);
  });
});

test("sizes in their order: min, √(min · max), ratios; whole pixels before anything else", async () => {
  const boxes = await boxesOf(layer("min_size: 4.9 max_size: 9.9 aspect_ratio: 4 img_size: 100"), [
    [1, 1, 1, 1],
    [1, 3, 10, 10],
  ]);
  const sizes = [0, 4, 8, 12].map((i) => [
    (boxes[i + 2]! - boxes[i]!) * 100,
    (boxes[i + 3]! - boxes[i + 1]!) * 100,
  ]);
  expect(sizes.flat()).toBeAllClose([4, 4, 6, 6, 8, 2, 2, 8]);
});

test("each box lies at every offset", async () => {
  const one = [
    [1, 1, 1, 1],
    [1, 3, 10, 10],
  ];
  const param = "min_size: 4 max_size: 9 offset_w: 0.5 offset_h: 0.5 offset_w: 0.5 offset_h: 1";
  // 4 × 4 at (5, 5) and (5, 10), then 6 × 6 there.
  expect(await boxesOf(layer(param), one)).toBeAllClose([
    0.3, 0.3, 0.7, 0.7, 0.3, 0.8, 0.7, 1.2, 0.2, 0.2, 0.8, 0.8, 0.2, 0.7, 0.8, 1.3,
  ]);
  expect(() => layerNet(layer("min_size: 4 offset_w: 1"), one)).toThrow("1 offset_w, 0 offset_h");
});

test("TensorFlow's order: ratios before √(min · max), rows before columns, a small first box", async () => {
  const boxes = await boxesOf(
    layer("tf: true yx_order: true min_size: 60 max_size: 135 aspect_ratio: 4"),
    [
      [1, 1, 1, 1],
      [1, 3, 300, 300],
    ],
  );
  const sizes = [0, 4, 8, 12].flatMap((i) => [
    boxes[i + 2]! - boxes[i]!,
    boxes[i + 3]! - boxes[i + 1]!,
  ]);
  expect(sizes).toBeAllClose([0.1, 0.1, 0.1, 0.4, 0.4, 0.1, 0.3, 0.3]);
});

test("a size that is no whole number is told of, and what has boxes of such sizes", () => {
  const { log, lines } = keptLog();
  layerNet(layer("min_size: 4.9 max_size: 9"), shapes, { log });
  layerNet(layer("min_size: 4 max_size: 9"), shapes, { log });
  expect(lines.filter((line) => line.includes("is cut to"))).toEqual([
    expect.stringMatching(/4\.9.* is cut to 4, as SSD does\..* write PriorBoxClustered/),
  ]);
});

test.each([
  ["a written ratio twice", "aspect_ratio: 2 aspect_ratio: 2", 3],
  ["a ratio whose inverse is written behind it", "aspect_ratio: 2 aspect_ratio: 0.5", 3],
  ["without flip", "aspect_ratio: 2 aspect_ratio: 0.5 flip: false", 3],
  ["1", "aspect_ratio: 1", 1],
  [
    "an inverse of what is there is not tested",
    "aspect_ratio: 3 aspect_ratio: 2 aspect_ratio: 0.5000005",
    5,
  ],
])("which ratios count: %s", async (_title, param, count) => {
  expect(await boxesOf(layer(`min_size: 4 ${param}`))).toHaveLength(2 * 4 * count);
});

test.each([
  ["clip: true min_size: 30", [0, 0, 1, 1, 0, 0, 1, 1]],
  ["min_size: 4 step: 10 offset: 0", [-0.1, -0.2, 0.1, 0.2, 0.4, -0.2, 0.6, 0.2]],
  ["min_size: 4 step_w: 2 step_h: 10 offset: 0", [-0.1, -0.2, 0.1, 0.2, 0, -0.2, 0.2, 0.2]],
  ["min_size: 4 img_w: 40 img_h: 20", [0.2, 0.4, 0.3, 0.6, 0.7, 0.4, 0.8, 0.6]],
])("where boxes lie: %s", async (param, want) => {
  expect(await boxesOf(layer(param))).toBeAllClose(want, { rtol: 1e-5, atol: 1e-6 });
});

test.each([
  ["", "needs min_size"],
  ["min_size: 0", "min_size is 0. Expected more than 0."],
  ["min_size: 4 max_size: 4", "max_size must be greater than min_size"],
  ["min_size: 4 min_size: 5 max_size: 9", "has 2 min_size and 1 max_size"],
  ["min_size: 4 variance: 1 variance: 2", "variance has 2 values. Expected 1 or 4."],
  ["min_size: 4 variance: 0", "variance is 0. Expected more than 0."],
  ["min_size: 4 aspect_ratio: -1", "aspect_ratio is -1. Expected more than 0."],
  ["min_size: 4 img_size: 3 img_h: 3", "has img_size and img_h or img_w. Expected one form."],
  ["min_size: 4 img_h: 3", "img_w is missing. Expected more than 0."],
  ["min_size: 4 step: 3 step_h: 3", "has step and step_h or step_w. Expected one form."],
  ["min_size: 4 step: 0", "step is 0. Expected more than 0."],
])("PriorBox refuses: %s", (param, message) => {
  expect(() => layerNet(layer(param), shapes)).toThrow(message);
});

test("a map without pixels is refused", () => {
  expect(() =>
    layerNet(layer("min_size: 4"), [
      [1, 1, 0, 2],
      [1, 3, 9, 9],
    ]),
  ).toThrow("bottom 0 has shape (1,1,0,2). Expected one pixel or more");
});

test("passes nothing back: its boxes do not depend on what the map holds", async () => {
  const net = layerNet(
    `${layer("min_size: 4")} } layer { name: "p" type: "Power" bottom: "y" top: "z" loss_weight: 1`,
    shapes,
  );
  write(net.blob("a"), [1, 2]);
  await net.forward();
  await net.backward();
  expect([...net.blob("a").diffValues()]).toEqual([0, 0]);
});
