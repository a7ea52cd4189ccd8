import { expect, test } from "vitest";
import { forward, keptLog, layerNet, noise } from "../../support/nets.ts";

const layer = (bottoms: number, more = ""): string =>
  `type: "CTCLoss" ${["a", "b", "c", "d"]
    .slice(0, bottoms)
    .map((name) => `bottom: "${name}"`)
    .join(" ")} top: "y" ${more}`;
const exact = "loss_param { normalization: BATCH_SIZE }";

test("two steps of equal scores: a label has three ways of nine", async () => {
  const net = layerNet(layer(2, "ctc_loss_param { blank_index: 0 }"), [
    [2, 1, 3],
    [1, 1],
  ]);
  const [[loss] = []] = await forward(net, [0, 0, 0, 0, 0, 0], [1]);
  expect(loss).toBeCloseTo(-Math.log(3 / 9), 6);
});

test("the ways to tell labels and steps agree", async () => {
  const x = noise(24);
  const two = layerNet(layer(2), [
    [4, 2, 3],
    [2, 2],
  ]);
  const [want = []] = await forward(two, x, [0, 1, 1, -1]);
  const three = layerNet(layer(3), [
    [4, 2, 3],
    [4, 2],
    [4, 2],
  ]);
  expect(await forward(three, x, [0, 0, 1, 1, 1, 1, 1, 1], [0, 1, 1, -1, -1, 7, 7, 7])).toEqual([
    want,
  ]);
  const four = layerNet(layer(4), [[4, 2, 3], [2], [2], [2, 2]]);
  expect(await forward(four, x, [4, 4], [2, 1], [0, 1, 1, 9])).toEqual([want]);
});

test("steps behind a sample's end count nothing", async () => {
  const net = layerNet(layer(4, exact), [[3, 1, 3], [1], [1], [1, 1]]);
  const x = noise(9);
  const [[loss] = []] = await forward(net, x, [2], [1], [0]);
  const changed = x.map((value, i) => (i < 6 ? value : 5));
  expect((await forward(net, changed, [2], [1], [0]))[0]).toEqual([loss]);
  net.blob("y").diffMem.overwriteCpu()[0] = 1;
  await net.backward();
  expect(Array.from(net.blob("a").diffValues().subarray(6))).toEqual([0, 0, 0]);
});

test("without normalization the gradient is that of the samples' sum, as in the forks", async () => {
  const gradient = async (more: string): Promise<number[]> => {
    const net = layerNet(layer(2, more), [
      [3, 2, 3],
      [2, 1],
    ]);
    await forward(net, noise(18), [0, 1]);
    await net.backward();
    return Array.from(net.blob("a").diffValues());
  };
  const mean = await gradient(`loss_weight: 3 ${exact}`);
  expect(await gradient("loss_weight: 3")).toBeAllClose(mean.map((d) => 2 * d));
});

test("a sample whose labels do not fit counts 0, with one warning", async () => {
  const { log, lines } = keptLog();
  const shapes = [
    [2, 2, 3],
    [2, 2],
  ];
  const net = layerNet(layer(2, "loss_param { normalization: VALID }"), shapes, { log });
  const x = noise(12);
  const [[loss] = []] = await forward(net, x, [0, 1, 1, 1]);
  await net.backward();
  await forward(net, x, [0, 1, 1, 1]);
  const one = layerNet(layer(2), [
    [2, 1, 3],
    [1, 2],
  ]);
  const first = x.filter((_, i) => i % 6 < 3);
  expect((await forward(one, first, [0, 1]))[0]).toEqual([loss]);
  const dx = net.blob("a").diffValues();
  expect(Array.from(dx.subarray(3, 6))).toEqual([0, 0, 0]);
  const said = lines.filter((line) => line.includes("cannot be told in 2 steps"));
  expect(said).toHaveLength(1);
  expect(said[0]).toContain("2 labels of sample 1");
});

test("with indicators a sample of one step without labels is none", async () => {
  const net = layerNet(layer(3, exact), [
    [2, 2, 3],
    [2, 2],
    [2, 2],
  ]);
  const [[loss] = []] = await forward(net, noise(12), [0, 0, 1, 0], [0, -1, -1, -1]);
  await net.backward();
  expect(loss).toBeGreaterThan(0);
  const dx = net.blob("a").diffValues();
  expect(Array.from(dx.subarray(3, 6))).toEqual([0, 0, 0]);
});

test("says which class is taken for the blank where forks differ, and what has no effect", () => {
  const { log, lines } = keptLog();
  layerNet(
    layer(2, "ctc_loss_param { loss_calculation_t: 1 }"),
    [
      [2, 1, 3],
      [1, 1],
    ],
    { log },
  );
  expect(lines.join("\n")).toContain("blank_index is not written: the last class is the blank");
  expect(lines.join("\n")).toContain("loss_calculation_t has no effect");
});

test.each([
  [
    2,
    "",
    [
      [2, 1],
      [1, 1],
    ],
    "Expected one of 0 classes, T×N×C.",
  ],
  [
    2,
    "ctc_loss_param { blank_index: 3 }",
    [
      [2, 1, 3],
      [1, 1],
    ],
    "the blank is class 3",
  ],
  [
    2,
    "ctc_loss_param { output_delay: -1 }",
    [
      [2, 1, 3],
      [1, 1],
    ],
    "output_delay is -1",
  ],
  [
    2,
    "",
    [
      [2, 1, 3],
      [2, 1],
    ],
    "labels of shape (2,1) for scores of shape (2,1,3). Expected 1×L.",
  ],
  [
    3,
    "",
    [
      [2, 1, 3],
      [2, 2],
      [2, 1],
    ],
    "Expected 2 numbers, one for each step of each sample.",
  ],
  [4, "", [[2, 1, 3], [1], [2], [2, 1]], "Expected 1 numbers, one for each sample."],
])("CTCLoss of %d bottoms refuses %s of %j", (bottoms, more, shapes, message) => {
  expect(() => layerNet(layer(bottoms, more), shapes)).toThrow(message);
});

test.each([
  [
    2,
    [
      [2, 1, 3],
      [1, 1],
    ],
    [[3]],
    "label 3 at position 0 of sample 0. Expected 0 to 2, and not the blank, 2.",
  ],
  [
    2,
    [
      [2, 1, 3],
      [1, 1],
    ],
    [[Number.NaN]],
    "label NaN",
  ],
  [4, [[2, 1, 3], [1], [1], [1, 1]], [[3], [1], [0]], "sample 0 has 3 steps and 1 labels"],
  [4, [[2, 1, 3], [1], [1], [1, 1]], [[2], [2], [0]], "sample 0 has 2 steps and 2 labels"],
  [4, [[2, 1, 3], [1], [1], [1, 1]], [[2], [1], [2]], "label 2 at position 0"],
])("CTCLoss of %d bottoms, %j, refuses %j", async (bottoms, shapes, inputs, message) => {
  const net = layerNet(layer(bottoms), shapes);
  await expect(forward(net, noise(6), ...inputs)).rejects.toThrow(message);
});
