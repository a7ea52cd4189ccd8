import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet } from "../../support/nets.ts";

const layer = 'type: "Gather" bottom: "a" bottom: "b" top: "y" top: "z"';

describeEngines("Gather", (engines) => {
  test("passes its bottoms and their gradients on as they are", async () => {
    const net = layerNet(layer, [[2, 2], [2]], { engines, forceBackward: true });
    expect(await forward(net, [1, 2, 3, 4], [5, 6])).toEqual([
      [1, 2, 3, 4],
      [5, 6],
    ]);
    net.blob("y").diffMem.overwriteCpu().set([1, 0, -1, 2]);
    net.blob("z").diffMem.overwriteCpu().fill(0);
    await net.backward();
    await net.toHost();
    expect(Array.from(net.blob("a").diffValues())).toEqual([1, 0, -1, 2]);
  });
});

test("Gather has as many tops as bottoms", () => {
  expect(() => layerNet(layer.replace('top: "z"', ""), [[2], [2]])).toThrow(
    "2 bottoms and 1 tops. Expected as many",
  );
});
