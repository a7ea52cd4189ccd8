import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

const l1 = 'type: "L1Loss" bottom: "a" bottom: "b" top: "y"';

describeEngines("L1Loss", (engines) => {
  test("is the mean distance of a sample", async () => {
    const net = layerNet(
      l1,
      [
        [2, 2],
        [2, 2],
      ],
      { engines },
    );
    const [y] = await forward(net, [1, 2, 3, 4], [1, 0, 0, 8]);
    expect(y).toBeAllClose([4.5]);
  });

  test("draws each bottom to the other, and nowhere where they are equal", async () => {
    const net = layerNet(
      l1,
      [
        [2, 2],
        [2, 2],
      ],
      { engines },
    );
    await forward(net, [1, 2, 3, 4], [1, 0, 0, 8]);
    await net.backward();
    await net.toHost();
    expect(Array.from(net.blob("a").diffValues(), (d) => d + 0)).toBeAllClose([0, 0.5, 0.5, -0.5]);
    expect(Array.from(net.blob("b").diffValues(), (d) => d + 0)).toBeAllClose([0, -0.5, -0.5, 0.5]);
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, l1, [
      [3, 4],
      [3, 4],
    ]);
  });
});

test("L1Loss refuses bottoms of other sizes", () => {
  expect(() =>
    layerNet(l1, [
      [2, 3],
      [2, 4],
    ]),
  ).toThrow("Inputs must have the same dimension");
});
