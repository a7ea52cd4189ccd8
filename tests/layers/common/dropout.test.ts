import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet, netOf } from "../../support/nets.ts";

describeEngines("Dropout", (engines) => {
  const dropout = 'type: "Dropout" bottom: "a" top: "y" dropout_param { dropout_ratio: 0.25 }';

  test("drops its share in training, and scales the rest up", async () => {
    const net = layerNet(dropout, [[10_000]], { engines });
    const [y = []] = await forward(net, new Array(10_000).fill(3));
    const dropped = y.filter((value) => value === 0).length;
    expect(dropped).toBeGreaterThan(2_300);
    expect(dropped).toBeLessThan(2_700);
    expect(y.filter((value) => value !== 0).every((value) => Math.abs(value - 4) < 1e-6)).toBe(
      true,
    );
  });

  test("passes gradients where it passed values", async () => {
    const net = layerNet(dropout, [[100]], { engines });
    const [y = []] = await forward(net, new Array(100).fill(1));
    net.blob("y").diffMem.overwriteCpu().fill(1);
    await net.backward();
    await net.toHost();
    expect(Array.from(net.blob("a").diffValues())).toEqual(y);
  });

  test("drops in testing too where samples are asked for", async () => {
    const layer = dropout.replace("}", "sample_weights_test: true }");
    const net = layerNet(layer, [[100]], { engines, phase: "TEST", forceBackward: true });
    const [y = []] = await forward(net, new Array(100).fill(3));
    expect(new Set(y)).toEqual(new Set([0, 4]));
    net.blob("y").diffMem.overwriteCpu().fill(3);
    await net.backward();
    await net.toHost();
    expect(Array.from(net.blob("a").diffValues())).toEqual(Array.from(y));
    expect((await forward(net, new Array(100).fill(3)))[0]).not.toEqual(y);
  });

  test("leaves the rest as it is in training, and multiplies all in testing, where scale_train is false", async () => {
    const layer = dropout.replace("}", "scale_train: false }");
    for (const inPlace of [false, true]) {
      const text = inPlace ? layer.replace('top: "y"', 'top: "a"') : layer;
      const net = layerNet(text, [[100]], { engines });
      const [y = []] = await forward(net, new Array(100).fill(3));
      expect(new Set(y)).toEqual(new Set([0, 3]));
      net
        .blob(inPlace ? "a" : "y")
        .diffMem.overwriteCpu()
        .fill(3);
      await net.backward();
      await net.toHost();
      expect(Array.from(net.blob("a").diffValues())).toEqual(y);
      const tested = layerNet(text, [[2]], { engines, phase: "TEST" });
      expect(await forward(tested, [4, -8])).toEqual([[3, -6]]);
      tested
        .blob(inPlace ? "a" : "y")
        .diffMem.overwriteCpu()
        .set([4, 8]);
      await tested.backward();
      await tested.toHost();
      expect(Array.from(tested.blob("a").diffValues())).toEqual([3, 6]);
    }
  });

  test("where scale_train is false a layer before it does not drop with its own hands", async () => {
    const inner = (param: string) => `force_backward: true
      layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 1 dim: 64 } } }
      layer { name: "i" type: "InnerProduct" bottom: "a" top: "i" inner_product_param { num_output: 64 weight_filler { type: "xavier" } } }
      layer { name: "d" type: "Dropout" bottom: "i" top: "i" dropout_param { ${param} } }`;
    const nets = ["scale_train: false", ""].map((param) => netOf(inner(param), { engines }));
    const [plain = [], scaled = []] = await Promise.all(
      nets.map(async (net) => (await forward(net, new Array(64).fill(1)))[0] ?? []),
    );
    expect(plain.map((value) => 2 * value)).toBeAllClose(scaled);
  });

  test("does nothing in testing", async () => {
    const net = layerNet(dropout, [[3]], { engines, phase: "TEST" });
    expect(await forward(net, [1, 2, 3])).toEqual([[1, 2, 3]]);
  });

  test("gives the same masks for the same seed, others for another, and goes on from its state", async () => {
    const masks = async (seed: number) => {
      const net = layerNet(dropout, [[50]], { engines, seed });
      return [
        await forward(net, new Array(50).fill(1)),
        net.layers[1]?.state(),
        await forward(net, new Array(50).fill(1)),
      ] as const;
    };
    const [first, state, second] = await masks(1);
    expect(await masks(1)).toEqual([first, state, second]);
    expect((await masks(2))[0]).not.toEqual(first);
    const resumed = layerNet(dropout, [[50]], { engines, seed: 9 });
    await resumed.layers[1]?.restore(state ?? {});
    expect(await forward(resumed, new Array(50).fill(1))).toEqual(second);
  });
});

test("Dropout wants a ratio below 1", () => {
  expect(() =>
    layerNet('type: "Dropout" bottom: "a" top: "y" dropout_param { dropout_ratio: 1 }', [[3]]),
  ).toThrow("dropout_ratio is 1. Expected 0 or more, and less than 1");
});
