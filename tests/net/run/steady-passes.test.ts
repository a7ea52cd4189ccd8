import { expect, onTestFinished, test, vi } from "vitest";
import type { Engines } from "../../../src/engines/choose.ts";
import type { Engine, Recording } from "../../../src/engines/engine.ts";
import type { Net } from "../../../src/net/net.ts";
import { availableEngines } from "../../support/engines.ts";
import { netOf, noise, write } from "../../support/nets.ts";

const engines = availableEngines.get("native");

/** All kinds of steady layers: views, work in place, a sum, blocks of channels with padding, and a second output. */
const text = `
  layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 3 dim: 12 dim: 12 } } }
  layer { name: "a" type: "Convolution" bottom: "x" top: "a" convolution_param { num_output: 20 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
  layer { name: "bn" type: "BatchNorm" bottom: "a" top: "a" }
  layer { name: "scale" type: "Scale" bottom: "a" top: "a" scale_param { bias_term: true filler { value: 1.5 } } }
  layer { name: "relu" type: "ReLU" bottom: "a" top: "a" }
  layer { name: "b" type: "Convolution" bottom: "a" top: "b" convolution_param { num_output: 20 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
  layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "sum" }
  layer { name: "rectified" type: "ReLU" bottom: "sum" top: "sum" }
  layer { name: "norm" type: "LRN" bottom: "sum" top: "norm" lrn_param { local_size: 3 } }
  layer { name: "join" type: "Concat" bottom: "norm" bottom: "sum" top: "join" }
  layer { name: "pool" type: "Pooling" bottom: "join" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }
  layer { name: "mean" type: "Pooling" bottom: "pool" top: "mean" pooling_param { pool: AVE global_pooling: true } }
  layer { name: "flat" type: "Flatten" bottom: "pool" top: "flat" }
  layer { name: "ip" type: "InnerProduct" bottom: "flat" top: "ip" inner_product_param { num_output: 7 weight_filler { type: "xavier" } } }
  layer { name: "ip_relu" type: "ReLU" bottom: "ip" top: "ip" }
  layer { name: "drop" type: "Dropout" bottom: "ip" top: "ip" }
  layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }`;

/** The native engine, and how often layers have run because a pass was not done again. */
function counted(): { readonly engines: Engines; recorded: number; replayed: number } {
  const [native, ...others] = engines as Engines;
  const counts = { recorded: 0, replayed: 0 };
  const record = (least: number): Recording | undefined => {
    const recording = (native as Engine).record?.(least);
    if (!recording) return undefined;
    counts.recorded++;
    return {
      knows: (mem) => recording.knows(mem),
      end: () => {
        const again = recording.end();
        return (
          again &&
          (() => {
            const isDone = again();
            if (isDone) counts.replayed++;
            return isDone;
          })
        );
      },
    };
  };
  const made = [{ ...native, record }, ...others] as unknown as Engines;
  return Object.assign(counts, { engines: made });
}

/** The same engine, which does nothing again. */
function apart(): Engines {
  const [native, ...others] = engines as Engines;
  return [{ ...native, record: undefined }, ...others] as unknown as Engines;
}

const open = (given: Engines, net = text): Net =>
  netOf(net, { engines: given, phase: "TEST", seed: 4, forInference: true });

/** What the outputs are, without waiting for them. */
const probNow = (net: Net): number[] => [...net.blob("prob").values()];

async function outputs(net: Net, x: readonly number[]): Promise<Record<string, number[]>> {
  const found = await net.forward({ x: { shape: net.blob("x").shape, data: x } });
  return Object.fromEntries(
    Object.entries(found).map(([name, blob]) => [name, [...blob.values()]]),
  );
}

/** The outputs of both, to the bit. */
async function same(net: Net, plain: Net, x: readonly number[]): Promise<void> {
  expect(await outputs(net, x)).toEqual(await outputs(plain, x));
}

const image = (seed: number, size = 3 * 144): number[] => [...noise(size, seed)];

test.skipIf(!engines)(
  "the third pass and those behind it are done again, each with its own input",
  async () => {
    const counts = counted();
    const [net, plain] = [open(counts.engines), open(apart())];
    for (let seed = 0; seed < 6; seed++) {
      await same(net, plain, image(seed));
    }
    expect([counts.recorded, counts.replayed]).toEqual([1, 4]);
  },
);

test.skipIf(!engines)(
  "what changes is seen: weights, shapes, outputs that are written, blobs that are kept",
  async () => {
    const counts = counted();
    const [net, plain] = [open(counts.engines), open(apart())];
    const both = async (seed: number, size?: number): Promise<void> => {
      const x = image(seed, size);
      await same(net, plain, x);
    };
    for (let seed = 0; seed < 4; seed++) await both(seed);
    for (const one of [net, plain]) write(one.params.get("ip")?.[0] ?? never(), noise(7 * 1440, 9));
    for (let seed = 0; seed < 4; seed++) await both(seed);
    for (const one of [net, plain]) one.blob("x").reshape([2, 3, 12, 12]);
    for (let seed = 0; seed < 4; seed++) await both(seed, 2 * 432);
    net.blob("prob").assign(0);
    for (let seed = 0; seed < 4; seed++) await both(seed, 2 * 432);
    net.keep("sum");
    for (let seed = 0; seed < 4; seed++) {
      await both(seed, 2 * 432);
      expect([...net.blob("sum").values()].some((value) => value > 0)).toBe(true);
    }
    expect(counts.replayed).toBeGreaterThanOrEqual(6);
  },
);

test.skipIf(!engines)(
  "numbers that are large or none take the way that is right for them",
  async () => {
    const counts = counted();
    const [net, plain] = [open(counts.engines), open(apart())];
    const images = [
      image(1),
      image(2),
      image(3),
      image(4).map((v) => v * 1e6),
      image(5),
      image(6),
      image(7),
    ];
    images.push(
      image(8).with(5, Number.NaN),
      image(9).with(7, Number.POSITIVE_INFINITY),
      image(10),
      image(11),
      image(12),
    );
    for (const x of images) await same(net, plain, x);
    expect(counts.replayed).toBeGreaterThan(0);
  },
);

test.skipIf(!engines)(
  "what is somewhat greater than before, though large, is done again, and what is far greater is not",
  async () => {
    const counts = counted();
    const [net, plain] = [open(counts.engines), open(apart())];
    const scaled = (by: number): number[] => image(1).map((value) => value * by);
    for (const by of [1e4, 1e4, 1e4, 1.8e4]) await same(net, plain, scaled(by));
    expect([counts.recorded, counts.replayed]).toEqual([1, 2]);
    await same(net, plain, scaled(1e6));
    expect(counts.replayed).toBe(2);
  },
);

test.skipIf(!engines)(
  "two nets of one engine, and their weights, do not disturb each other",
  async () => {
    const counts = counted();
    const nets = [open(counts.engines), open(counts.engines)];
    const plain = open(apart());
    nets[1]?.shareWith(nets[0] ?? never());
    plain.shareWith(nets[0] ?? never());
    for (let seed = 0; seed < 8; seed++) {
      for (const net of nets) await same(net, plain, image(seed));
    }
    expect(counts.replayed).toBe(12);
  },
);

test.skipIf(!engines)(
  "an input that a layer works on is not read as that layer left it",
  async () => {
    const counts = counted();
    const inPlace = text.replace(
      'name: "a"',
      'name: "first" type: "ReLU" bottom: "x" top: "x" } layer { name: "a"',
    );
    const [net, plain] = [open(counts.engines, inPlace), open(apart(), inPlace)];
    for (let seed = 0; seed < 6; seed++) {
      await same(net, plain, image(seed));
    }
    expect([counts.recorded, counts.replayed]).toEqual([3, 0]);
  },
);

test.skipIf(!engines)("passes of large arrays hold no memory to be done again in", async () => {
  const counts = counted();
  const net = open(
    counts.engines,
    `layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 4 } } }
    layer { name: "y" type: "ReLU" bottom: "x" top: "y" }`,
  );
  const passes = async (count: number): Promise<void> => {
    for (let i = 0; i < 3; i++) {
      await net.forward({ x: { shape: [1, count], data: new Float32Array(count).fill(i) } });
      expect(net.blob("y").values().at(-1)).toBe(i);
    }
  };
  await passes(2 ** 25 + 1);
  expect(counts.recorded).toBe(0);
  await passes(4);
  expect(counts.recorded).toBe(1);
  await passes(2 ** 23);
  expect(counts.recorded).toBe(2);
});

function never(): never {
  throw new Error("there is none");
}

test.skipIf(!engines)(
  "a pass that is done again is done at the call: what is asked for at once is answered in order",
  async () => {
    // The event loop gets a turn when 20 ms have gone by.
    vi.useFakeTimers({ toFake: ["performance"], now: 1000 });
    onTestFinished(() => void vi.useRealTimers());
    const counts = counted();
    const [net, plain] = [open(counts.engines), open(apart())];
    for (let seed = 0; seed < 3; seed++) await same(net, plain, image(seed));
    const [first, second] = [image(11), image(12)];
    const wanted = [await outputs(plain, first), await outputs(plain, second)];
    const before = counts.replayed;
    const asked = [outputs(net, first), outputs(net, second)];
    expect(counts.replayed).toBe(before + 2);
    expect(probNow(net)).toEqual(wanted[1]?.["prob"]);
    expect(await Promise.all(asked)).toEqual(wanted);
    await expect(net.forward({ y: first })).rejects.toThrow('no input "y"');
    net.close();
    await expect(net.forward({ x: first })).rejects.toThrow("closed");
  },
);
