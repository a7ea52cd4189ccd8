import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet } from "../../support/nets.ts";

const layer =
  'type: "SpatialDropout" bottom: "a" top: "y" spatial_dropout_param { dropout_ratio: 0.25 }';

describeEngines("SpatialDropout", (engines) => {
  test("drops its share of whole channels in training, and scales the rest up", async () => {
    const net = layerNet(layer, [[20, 100, 3]], { engines });
    const [y = []] = await forward(net, new Array(6_000).fill(3));
    const channels = Array.from({ length: 2_000 }, (_, c) => Array.from(y.slice(3 * c, 3 * c + 3)));
    const dropped = channels.filter(([first]) => first === 0).length;
    expect(dropped).toBeGreaterThan(430);
    expect(dropped).toBeLessThan(570);
    expect(channels.every((one) => one.every((value) => value === one[0]))).toBe(true);
    expect(new Set(y)).toEqual(new Set([0, 4]));
  });

  test("passes gradients where it passed values, in place too", async () => {
    for (const text of [layer, layer.replace('top: "y"', 'top: "a"')]) {
      const net = layerNet(text, [[4, 6, 2]], { engines, forceBackward: true });
      const [y = []] = await forward(net, new Array(48).fill(1));
      const values = Array.from(y);
      net
        .blob(text === layer ? "y" : "a")
        .diffMem.overwriteCpu()
        .fill(1);
      await net.backward();
      await net.toHost();
      expect(Array.from(net.blob("a").diffValues())).toEqual(values);
    }
  });

  test("does nothing in testing", async () => {
    const net = layerNet(layer, [[1, 3]], { engines, phase: "TEST" });
    expect(await forward(net, [1, 2, 3])).toEqual([[1, 2, 3]]);
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, layer, [[3, 5, 2, 2]]);
  });

  test("gives the same masks for the same seed, and goes on from its state", async () => {
    const masks = async (seed: number) => {
      const net = layerNet(layer, [[5, 10, 1]], { engines, seed });
      return [
        await forward(net, new Array(50).fill(1)),
        net.layers[1]?.state(),
        await forward(net, new Array(50).fill(1)),
      ] as const;
    };
    const [first, state, second] = await masks(1);
    expect(await masks(1)).toEqual([first, state, second]);
    expect((await masks(2))[0]).not.toEqual(first);
    const resumed = layerNet(layer, [[5, 10, 1]], { engines, seed: 9 });
    await resumed.layers[1]?.restore(state ?? {});
    expect(await forward(resumed, new Array(50).fill(1))).toEqual(second);
  });
});

test.each(["spatial_dropout_param", "dropout_param"])(
  "SpatialDropout wants a ratio below 1 of %s",
  (message) => {
    expect(() =>
      layerNet(`type: "SpatialDropout" bottom: "a" top: "y" ${message} { dropout_ratio: 1 }`, [
        [1, 3],
      ]),
    ).toThrow(`${message}.dropout_ratio is 1. Expected 0 or more, and less than 1`);
  },
);
