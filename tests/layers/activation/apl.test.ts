import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";

const blob = (values: readonly number[]): string =>
  `blobs { shape { dim: 1 dim: 1 dim: 2 dim: ${values.length / 2} } data: [${values.join(", ")}] }`;

test("APL bends each neuron by itself", async () => {
  const text = `type: "APL" bottom: "a" top: "y" apl_param { sums: 2 } ${blob([1, 2, -1, 0])} ${blob([0, 1, 2, 9])}`;
  const net = layerNet(text, [[2, 2]]);
  const [y] = await forward(net, [-1, 1, 3, -2]);
  // Neuron 0: max(x, 0) + max(−x, 0) + 2·max(1 − x, 0); neuron 1: max(x, 0) − max(2 − x, 0).
  expect(y).toEqual([5, 0, 3, -4]);
});

test("APL's blobs begin as its authors'", () => {
  const net = layerNet('type: "APL" bottom: "a" top: "y" apl_param { sums: 5 }', [[2, 40]]);
  const [slope, offset] = net.params.get("t")!;
  expect(Math.max(...slope!.values().map(Math.abs))).toBeLessThanOrEqual(0.1);
  expect(Math.max(...offset!.values().map(Math.abs))).toBeGreaterThan(0.6);
  expect(slope!.shape).toEqual([1, 1, 5, 40]);
});

test("APL refuses no sums, and other neurons than it was built for", () => {
  const text = (sums: number): string =>
    `type: "APL" bottom: "a" top: "y" apl_param { sums: ${sums} }`;
  expect(() => layerNet(text(0), [[2, 3]])).toThrow("apl_param.sums is 0");
  const net = layerNet(text(1), [[2, 3]]);
  net.blob("a").reshape([2, 4]);
  expect(() => net.reshape()).toThrow("4 values in a sample, shape (2,4). Expected 3");
});
