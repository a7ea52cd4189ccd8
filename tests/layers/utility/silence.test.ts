import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";

test("Silence makes its bottom no output, and its gradient zero", async () => {
  const net = layerNet('type: "Silence" bottom: "a"', [[2]]);
  await forward(net, [1, 2]);
  net.blob("a").diffMem.overwriteCpu().set([5, 6]);
  await net.backward();
  expect(net.outputs).toEqual([]);
  expect(Array.from(net.blob("a").diffValues())).toEqual([0, 0]);
});
