import { expect, test } from "vitest";
import { parseNetParameter } from "../../../src/io/text/read-net.ts";
import { describeEngines } from "../../support/engines.ts";
import {
  checkParity,
  forward,
  keptLog,
  layerNet,
  netOf,
  noise,
  write,
} from "../../support/nets.ts";

const fill = '{ type: "uniform" min: -1 max: 1 }';
const block = (param: string): string => {
  const sizes = ["numTransition", "growthRate"].filter((field) => !param.includes(field));
  return `type: "DenseBlock" bottom: "a" top: "y" denseblock_param { ${sizes.map((field) => `${field}: 2`).join(" ")} Filter_Filler ${fill} BN_Scaler_Filler ${fill} BN_Bias_Filler ${fill} ${param} }`;
};
const input = `layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 3 } } }`;

/** BatchNorm, Scale, ReLU and Convolution, as layers, from one blob to another. */
function step(name: string, from: string, to: string, outputs: number, size: number): string {
  return `
    layer { name: "${name}n" type: "BatchNorm" bottom: "${from}" top: "${name}n" batch_norm_param { eps: 1e-5 } }
    layer { name: "${name}s" type: "Scale" bottom: "${name}n" top: "${name}s" scale_param { bias_term: true } }
    layer { name: "${name}r" type: "ReLU" bottom: "${name}s" top: "${name}r" }
    layer { name: "${name}c" type: "Convolution" bottom: "${name}r" top: "${to}" convolution_param { num_output: ${outputs} kernel_size: ${size} pad: ${(size - 1) / 2} bias_term: false } }`;
}

/** The same block written out: layers by the numbers of the blobs that they take, filter, γ, β, μ, σ². */
function writtenOut(useBC: boolean): { text: string; blobs: Record<string, number[]> } {
  const text: string[] = [input];
  const blobs: Record<string, number[]> = {};
  let from = "a";
  for (let t = 0; t < 2; t++) {
    const [first, second] = [`t${t}`, `u${t}`];
    const line = [1, 2, 3, 4].map((part) => 2 * part + t);
    if (useBC) {
      const middle = [6, 7, 8, 9].map((part) => 2 * part + t);
      text.push(step(second, from, `m${t}`, 8, 1), step(first, `m${t}`, `n${t}`, 2, 3));
      blobs[second] = [10 + t, ...line];
      blobs[first] = [t, ...middle];
    } else {
      text.push(step(first, from, `n${t}`, 2, 3));
      blobs[first] = [t, ...line];
    }
    const to = t === 1 ? "y" : "x1";
    text.push(
      `layer { name: "j${t}" type: "Concat" bottom: "${from}" bottom: "n${t}" top: "${to}" }`,
    );
    from = to;
  }
  return { text: `force_backward: true ${text.join("\n")}`, blobs };
}

/** Each window of a filter turned by half a turn. */
function turned(values: ArrayLike<number>, window: number): number[] {
  return Array.from(values, (_, i) => values[i - (i % window) + window - 1 - (i % window)]!);
}

describeEngines("DenseBlock", (engines) => {
  checkLayers("without a bottleneck", false);
  checkLayers("with use_BC", true);

  function checkLayers(what: string, useBC: boolean): void {
    test.each(["TRAIN", "TEST"] as const)(
      `is the layers that it stands for, ${what}, in %s`,
      async (phase) => {
        const net = layerNet(block(useBC ? "use_BC: true" : ""), [[2, 3, 4, 3]], {
          engines,
          phase,
        });
        const { text, blobs } = writtenOut(useBC);
        const other = netOf(text, { engines, phase });
        const own = net.layers[1]!.blobs;
        for (const [i, blob] of own.entries()) {
          const part = Math.floor(i / 2);
          if (part === 3 || part === 8) write(blob, noise(blob.count(), i));
          if (part === 4 || part === 9)
            write(
              blob,
              noise(blob.count(), i).map((x) => 1.5 + x),
            );
        }
        const layerOf = (name: string) => other.layers[other.layerNames.indexOf(name)]!;
        const pairs = Object.entries(blobs).map(([name, [filter, scale, bias, mean, variance]]) => {
          const convolution = layerOf(`${name}c`).blobs[0]!;
          const window = convolution.count() / (convolution.shape[0]! * convolution.shape[1]!);
          const [ours, [m, v, n]] = [own[filter!]!, layerOf(`${name}n`).blobs];
          write(convolution, turned(ours.values(), window));
          write(layerOf(`${name}s`).blobs[0]!, own[scale!]!.values());
          write(layerOf(`${name}s`).blobs[1]!, own[bias!]!.values());
          write(m!, own[mean!]!.values());
          write(v!, own[variance!]!.values());
          write(n!, [1]);
          return { name, convolution, window, ours, scale, bias, mean, variance };
        });
        const x = noise(72, 3);
        const means = pairs.map(({ mean, variance }) =>
          [own[mean!]!, own[variance!]!].map((blob) => Array.from(blob.values())),
        );
        const [y] = await forward(net, x);
        expect(y).toBeAllClose((await forward(other, x))[0]!, { rtol: 1e-4, atol: 1e-5 });
        if (phase === "TEST") return;
        for (const each of [net, other]) {
          each.blob("y").diffMem.overwriteCpu().set(noise(y!.length, 5));
          await each.backward();
          await each.toHost();
        }
        const close = { rtol: 1e-3, atol: 1e-4 };
        expect(net.blob("a").diffValues()).toBeAllClose(
          Array.from(other.blob("a").diffValues()),
          close,
        );
        for (const [at, pair] of pairs.entries()) {
          const { name, convolution, window, ours } = pair;
          expect(ours.diffValues()).toBeAllClose(turned(convolution.diffValues(), window), close);
          const [scale, bias] = layerOf(`${name}s`).blobs;
          expect(own[pair.scale!]!.diffValues()).toBeAllClose(
            Array.from(scale!.diffValues()),
            close,
          );
          expect(own[pair.bias!]!.diffValues()).toBeAllClose(Array.from(bias!.diffValues()), close);
          // BatchNorm keeps sums: 0.999 of what was there and the batch's.
          const keeps = [pair.mean!, pair.variance!].map((i) => Array.from(own[i]!.values()));
          for (const [i, sums] of layerOf(`${name}n`).blobs.slice(0, 2).entries()) {
            const before = means[at]![i]!;
            const wanted = before.map(
              (mean, c) => 0.9 * mean + 0.1 * (sums.values()[c]! - 0.999 * mean),
            );
            expect(keeps[i]).toBeAllClose(wanted, close);
          }
        }
      },
    );
  }

  test("divides statistics that are sums by their number, once", async () => {
    const run = async (count: number, phase: "TRAIN" | "TEST") => {
      const net = layerNet(block("numTransition: 1"), [[2, 3, 4, 3]], { engines, phase });
      const blobs = net.layers[1]!.blobs;
      write(
        blobs[3]!,
        [1, 2, 3].map((x) => x * (count || 1)),
      );
      write(
        blobs[4]!,
        [2, 1, 2].map((x) => x * (count || 1)),
      );
      write(blobs[5]!, [count]);
      const [y] = await forward(net, noise(72, 3));
      return { y: y!, kept: blobs.slice(3).map((blob) => Array.from(blob.values())) };
    };
    for (const phase of ["TRAIN", "TEST"] as const) {
      const [means, sums] = [await run(0, phase), await run(4, phase)];
      expect(sums.y).toBeAllClose(means.y);
      expect(sums.kept[2]).toEqual([phase === "TRAIN" ? 0 : 4]);
      if (phase === "TRAIN") expect(sums.kept[0]).toBeAllClose(means.kept[0]!);
    }
  });

  test("drops values of what it adds in training alone", async () => {
    const param = "use_dropout: true dropout_amount: 0.5 numTransition: 1";
    const x = noise(72, 3);
    const plain = layerNet(block("numTransition: 1"), [[2, 3, 4, 3]], { engines });
    const net = layerNet(block(param), [[2, 3, 4, 3]], { engines });
    const [[whole], [y], [again]] = [
      await forward(plain, x),
      await forward(net, x),
      await forward(net, x),
    ];
    const added = y!.map((value, i) => ({
      value,
      whole: whole![i]!,
      isNew: Math.floor(i / 12) % 5 > 2,
    }));
    for (const { value, whole, isNew } of added) {
      if (!isNew) expect(value).toBeCloseTo(whole, 5);
      else if (value !== 0) expect(value).toBeCloseTo(2 * whole, 4);
    }
    const zeros = added.filter(({ value, isNew }) => isNew && value === 0).length;
    expect(zeros).toBeGreaterThan(10);
    expect(zeros).toBeLessThan(38);
    expect(again).not.toEqual(y);
    const tests = [block(param), block("numTransition: 1")].map((layer) =>
      forward(layerNet(layer, [[2, 3, 4, 3]], { engines, phase: "TEST" }), x),
    );
    expect(await tests[0]).toEqual(await tests[1]);
  });

  test("agrees with the reference", async () => {
    await checkParity(engines, block("use_BC: true use_dropout: true dropout_amount: 0.3"), [
      [2, 3, 5, 4],
    ]);
  });
});

test("DenseBlock's transitions drop by masks of their own, which a snapshot brings back", async () => {
  const text = block("use_dropout: true dropout_amount: 0.5");
  const make = () => layerNet(text, [[1, 1, 8, 8]]);
  const [first, second] = [make(), make()];
  await forward(first, noise(64, 1));
  const state = first.layers[1]!.state()!;
  const masks = state["random"] as readonly number[];
  expect(masks).toHaveLength(4);
  expect(masks[0]).not.toBe(masks[2]);
  expect(second.layers[1]!.refuses(state)).toBeUndefined();
  expect(second.layers[1]!.refuses({ random: [1] })).toContain("Expected 4 numbers");
  second.layers[1]!.restore(state);
  // The statistics do not count in training.
  expect(await forward(second, noise(64, 2))).toEqual(await forward(first, noise(64, 2)));
});

test("DenseBlock takes the bottom's channels, and says so", () => {
  const { log, lines } = keptLog();
  const net = layerNet(block("initChannel: 16"), [[1, 3, 2, 2]], { log });
  expect(net.blob("y").shape).toEqual([1, 7, 2, 2]);
  expect(lines.join("\n")).toContain("initChannel is 16, and bottom has 3 channels, which count");
});

test("DenseBlock's statistics are not learned", () => {
  for (const [param, learned] of [
    ["", 6],
    ["use_BC: true", 12],
  ] as const) {
    const net = layerNet(block(param), [[1, 3, 2, 2]]);
    expect(net.learnableParams.filter(({ lrMult }) => lrMult !== 0)).toHaveLength(learned);
  }
});

test.each([
  ["numTransition: 0", "numTransition is 0. Expected 1 or more"],
  ["growthRate: -1", "growthRate is -1. Expected 1 or more"],
  ["filter_H: 5", "has filters of 5×3, pad 1 and 1"],
  ["conv_verticalStride: 2", "strides 2 and 1"],
  ["dropout_amount: 1", "dropout_amount is 1. Expected 0 or more, and less than 1"],
  ["dropout_amount: nan", "dropout_amount is NaN"],
  ["moving_average_fraction: 1.5", "moving_average_fraction is 1.5. Expected 0 to 1"],
])("DenseBlock refuses %s", (param, message) => {
  expect(() => layerNet(block(param), [[1, 2, 2, 2]])).toThrow(message);
});

test("DenseBlock refuses bottoms of other forms", () => {
  expect(() => layerNet(block(""), [[1, 2, 2]])).toThrow(
    "bottom has shape (1,2,2). Expected 4 axes",
  );
  const net = layerNet(block(""), [[1, 2, 2, 2]]);
  net.blob("a").reshape([1, 3, 2, 2]);
  expect(() => net.reshape()).toThrow("Expected 4 axes and 2 channels");
});

test("what chooses memory in DenseBlock is ignored with a warning", () => {
  const { log, lines } = keptLog();
  const text = `layer { name: "t" ${block("workspace_MB: 16 gpuIdx: 1 BC_ultra_space_efficient: true")} }`;
  parseNetParameter(text, "net", log);
  expect(lines).toHaveLength(3);
  expect(lines.join("\n")).toContain("DenseBlockParameter.workspace_MB");
});
