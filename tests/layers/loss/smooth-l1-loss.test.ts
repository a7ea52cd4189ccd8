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
  ["Fast R-CNN's", 3, "", 0],
  ["Faster R-CNN's by its parameter", 2, "smooth_l1_loss_param { sigma: 1 }", 0],
  ["Faster R-CNN's by its bottoms", 4, "", 0],
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

test("of Fast R-CNN's three bottoms the weights count in the loss, and in no gradient but by it", async () => {
  const net = layerNet(
    `type: "SmoothL1Loss" ${bottoms(3)} top: "y" loss_weight: 1`,
    [
      [2, 1],
      [2, 1],
      [2, 1],
    ],
    { forceBackward: true },
  );
  // Differences 1 and 3, weighed 0.5 and 2: 0.125 and 5.5 over two rows.
  expect((await forward(net, [1, 3], [0, 0], [0.5, 2]))[0]).toBeAllClose([5.625 / 2]);
  await net.backward();
  expect(Array.from(net.blob("a").diffValues())).toBeAllClose([0.25, 0.5]);
});

test("SmoothL1Loss wants bottoms of one shape", () => {
  expect(() =>
    layerNet(`type: "SmoothL1Loss" ${bottoms(2)} top: "y"`, [
      [2, 2],
      [2, 3],
    ]),
  ).toThrow("bottom 1 has shape (2,3)");
});
