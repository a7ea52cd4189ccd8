import { expect, test } from "vitest";
import { layerNet } from "../../support/nets.ts";

const layer = (bottom: string, param: string): string =>
  `type: "ContinuationIndicator" ${bottom} top: "y" continuation_indicator_param { ${param} }`;

test("ContinuationIndicator is 0 at the first step", async () => {
  const net = layerNet(layer("", "time_step: 3 batch_size: 2"), []);
  await net.forward();
  expect(net.blob("y").shape).toEqual([3, 2]);
  expect(Array.from(net.blob("y").values())).toEqual([0, 0, 1, 1, 1, 1]);
});

test("ContinuationIndicator follows its bottom's samples", async () => {
  const net = layerNet(layer('bottom: "a"', "time_step: 2"), [[3, 4]]);
  expect(net.blob("y").shape).toEqual([2, 3]);
  net.blob("a").reshape([1, 4]);
  net.reshape();
  await net.forward();
  expect(Array.from(net.blob("y").values())).toEqual([0, 1]);
});

test.each(["batch_size: 2", "time_step: 2"])("ContinuationIndicator refuses %s alone", (param) => {
  expect(() => layerNet(layer("", param), [])).toThrow("Expected 1 or more.");
});
