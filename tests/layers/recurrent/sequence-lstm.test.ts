import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, layerNet, noise, write } from "../../support/nets.ts";

const filled =
  'weight_filler { type: "uniform" min: -0.5 max: 0.5 } bias_filler { type: "uniform" }';
const layer = (bottoms: string, more = ""): string =>
  `type: "Lstm" ${bottoms} top: "y" lstm_param { num_output: 2 ${filled} ${more} }`;
const alone = 'bottom: "a"';
const clipped = 'bottom: "a" bottom: "b"';
const x = Array.from({ length: 24 }, (_, i) => Math.sin(i));

describeEngines("Lstm", (engines) => {
  test("computes its formula", async () => {
    const one = (n: number): string => `blobs { shape { dim: 4 ${n ? `dim: ${n}` : ""} } data:`;
    const text = `type: "Lstm" bottom: "a" top: "y" lstm_param { num_output: 1 } ${one(1)} [1, 2, 3, 4] } ${one(1)} [0.5, 1, -1, 2] } ${one(0)} [0.1, 0.2, 0.3, 0.4] }`;
    const net = layerNet(text, [[2, 1, 1]], { engines });
    const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));
    const c1 = sigmoid(0.6) * Math.tanh(2.4);
    const h1 = sigmoid(1.8) * Math.tanh(c1);
    const c2 = sigmoid(-1.8 + h1) * c1 + sigmoid(-0.9 + 0.5 * h1) * Math.tanh(-3.6 + 2 * h1);
    const h2 = sigmoid(-2.7 - h1) * Math.tanh(c2);
    const [y] = await forward(net, [0.5, -1]);
    expect(y).toBeAllClose([h1, h2]);
  });

  test("is Caffe's LSTM with the same weights", async () => {
    const shapes = [
      [3, 2, 3],
      [3, 2],
    ];
    const net = layerNet(layer(clipped), shapes, { engines });
    const other = layerNet(
      `type: "LSTM" ${clipped} top: "y" recurrent_param { num_output: 2 }`,
      shapes,
      { engines },
    );
    const [wx, wh, b] = net.layers[net.layerNames.indexOf("t")]!.blobs;
    [wx, b, wh].forEach((blob, i) => {
      write(other.layers[other.layerNames.indexOf("t")]!.blobs[i]!, blob!.values());
    });
    const input = [x.slice(0, 18), [0, 0, 1, 1, 1, 0]] as const;
    const [y = []] = await forward(net, ...input);
    expect((await forward(other, ...input))[0]).toBeAllClose(y);
    for (const one of [net, other]) {
      one.blob("y").diffMem.overwriteCpu().set(noise(12));
      await one.backward();
      await one.toHost();
    }
    expect(other.blob("a").diffValues()).toBeAllClose(Array.from(net.blob("a").diffValues()));
  });

  test("rows of batch_size streams are the same as steps of streams", async () => {
    const steps = layerNet(layer(alone), [[2, 3, 4]], { engines, seed: 3 });
    const rows = layerNet(layer(alone, "batch_size: 3"), [[6, 4]], { engines, seed: 3 });
    const input = x.slice(0, 24);
    expect(await forward(rows, input)).toEqual(await forward(steps, input));
    expect(rows.blob("y").shape).toEqual([6, 2]);
    expect(steps.blob("y").shape).toEqual([2, 3, 2]);
  });

  test("goes on from batch to batch where clip says so, and never without", async () => {
    const whole = layerNet(layer(clipped), [[4, 1, 3], [4]], { engines });
    const half = layerNet(layer(clipped), [[2, 1, 3], [2]], { engines });
    const [y = []] = await forward(whole, x.slice(0, 12), [0, 1, 1, 1]);
    await forward(half, x.slice(0, 6), [0, 1]);
    const at = half.layerNames.indexOf("t");
    const state = half.layers[at]!.state();
    expect((await forward(half, x.slice(6, 12), [1, 1]))[0]).toBeAllClose(y.slice(4));
    await half.layers[at]!.restore(state!);
    expect((await forward(half, x.slice(6, 12), [1, 1]))[0]).toBeAllClose(y.slice(4));
    expect(half.layers[at]!.refuses({ h: [1], c: [1] })).toContain("Expected 2 numbers, 2 numbers");
    const free = layerNet(layer(alone), [[2, 1, 3]], { engines });
    const first = await forward(free, x.slice(0, 6));
    expect(await forward(free, x.slice(0, 6))).toEqual(first);
    expect(free.layers[free.layerNames.indexOf("t")]!.state()).toBeUndefined();
  });

  test("clipping_threshold cuts the gradients of the gates' inputs", async () => {
    const net = layerNet(layer(alone, "clipping_threshold: 0.001"), [[1, 1, 3]], { engines });
    await forward(net, [1, 2, 3]);
    net.blob("y").diffMem.overwriteCpu().fill(100);
    await net.backward();
    await net.toHost();
    const [, , bias] = net.layers[net.layerNames.indexOf("t")]!.blobs;
    const cut = Array.from(bias!.diffValues(), Math.abs);
    expect(cut).toBeAllClose([0.001, 0.001, 0, 0, 0.001, 0.001, 0.001, 0.001]);
  });

  test("follows its bottom to other steps and streams", async () => {
    const net = layerNet(layer(alone), [[2, 1, 3]], { engines });
    net.blob("a").reshape([4, 2, 3]);
    net.reshape();
    await forward(net, x);
    expect(net.blob("y").shape).toEqual([4, 2, 2]);
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, layer(alone), [[3, 4, 5]]);
  });
});

test.each([
  [
    layer(alone, "batch_size: 2"),
    [[3, 4]],
    "Expected T×N×I, or a first axis that is a multiple of batch_size.",
  ],
  [layer(alone, "batch_size: 0"), [[3, 4]], "Expected T×N×I"],
  [layer(clipped), [[3, 1, 4], [2]], "Expected one number for each of 3 steps."],
  [layer(alone, "clipping_threshold: -1"), [[3, 1, 4]], "clipping_threshold is -1"],
  ['type: "Lstm" bottom: "a" top: "y"', [[3, 1, 4]], "lstm_param.num_output is 0"],
])("Lstm refuses %s of %j", (text, shapes, message) => {
  expect(() => layerNet(text, shapes)).toThrow(message);
});

test("Lstm refuses other features than its weights are for", () => {
  const net = layerNet(layer(alone), [[3, 1, 4]]);
  net.blob("a").reshape([3, 1, 5]);
  expect(() => net.reshape()).toThrow("5 features in a step, bottom shape (3,1,5). Expected 4");
});
