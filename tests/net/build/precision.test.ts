import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Engines } from "../../../src/engines/choose.ts";
import type { Engine } from "../../../src/engines/engine.ts";
import { loadAddon } from "../../../src/engines/native/binding.ts";
import { nativeEngine } from "../../../src/engines/native/index.ts";
import { Tuner } from "../../../src/engines/native/tuner.ts";
import type { Net } from "../../../src/net/net.ts";
import { bf16 } from "../../../src/util/bf16.ts";
import type { Log } from "../../../src/util/log.ts";
import { availableEngines, referenceEngines } from "../../support/engines.ts";
import { netOf } from "../../support/nets.ts";
import { solverOf } from "../../support/solvers.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const native = availableEngines.get("native");
const canMultiply = native !== undefined && loadAddon().multipliesBf16;

/** A net with residual sums, branches and every kind of layer between convolutions. */
const layers = `
  layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
    shape { dim: 4 dim: 3 dim: 16 dim: 16 } shape { dim: 4 }
    data_filler { type: "gaussian" std: 1 } data_filler { type: "constant" value: 1 } } }
  layer { name: "conv1" type: "Convolution" bottom: "data" top: "conv1" convolution_param { num_output: 16 kernel_size: 3 pad: 1 bias_term: false weight_filler { type: "msra" } } }
  layer { name: "bn" type: "BatchNorm" bottom: "conv1" top: "conv1" }
  layer { name: "scale" type: "Scale" bottom: "conv1" top: "conv1" scale_param { bias_term: true } }
  layer { name: "relu1" type: "ReLU" bottom: "conv1" top: "conv1" }
  layer { name: "conv2" type: "Convolution" bottom: "conv1" top: "conv2" convolution_param { num_output: 16 kernel_size: 3 pad: 1 weight_filler { type: "msra" } } }
  layer { name: "sum" type: "Eltwise" bottom: "conv1" bottom: "conv2" top: "sum" }
  layer { name: "relu2" type: "ReLU" bottom: "sum" top: "sum" }
  layer { name: "pool" type: "Pooling" bottom: "sum" top: "pool" pooling_param { pool: MAX kernel_size: 3 stride: 2 } }
  layer { name: "lrn" type: "LRN" bottom: "pool" top: "lrn" }
  layer { name: "conv3" type: "Convolution" bottom: "lrn" top: "conv3" convolution_param { num_output: 16 kernel_size: 1 weight_filler { type: "msra" } } }
  layer { name: "cat" type: "Concat" bottom: "lrn" bottom: "conv3" top: "cat" }
  layer { name: "ip1" type: "InnerProduct" bottom: "cat" top: "ip1" inner_product_param { num_output: 24 weight_filler { type: "msra" } } }
  layer { name: "relu3" type: "ReLU" bottom: "ip1" top: "ip1" }
  layer { name: "drop" type: "Dropout" bottom: "ip1" top: "ip1" }
  layer { name: "ip2" type: "InnerProduct" bottom: "ip1" top: "ip2" inner_product_param { num_output: 5 weight_filler { type: "msra" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip2" bottom: "label" top: "loss" }`;

const isRounded = (net: Net, blob: string): boolean =>
  net
    .blob(blob)
    .values()
    .every((x) => x === bf16(x));

/** ‖a − b‖ / ‖b‖ */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    size += b[i]! ** 2;
  }
  return Math.sqrt(difference / (size || 1));
}

test("what goes from layer to layer is rounded; weights, statistics and losses are not", async () => {
  using net = netOf(layers, { precision: "bf16", seed: 3 });
  await net.forward();
  for (const blob of ["conv1", "conv2", "sum", "pool", "lrn", "cat", "ip1", "ip2"])
    expect(isRounded(net, blob), blob).toBe(true);
  expect(isRounded(net, "data")).toBe(false);
  expect(isRounded(net, "loss")).toBe(false);
  await net.backward();
  const { blob } = net.learnableParams[0] as Net["learnableParams"][0];
  expect(blob.values().every((x) => x === bf16(x))).toBe(false);
  expect(blob.diffValues().every((x) => x === bf16(x))).toBe(false);
});

test("the net's and the layers' fields of NVIDIA's Caffe say it, and an option is over them", async () => {
  const whole = `default_forward_type: FLOAT16 ${layers}`;
  const others = layers.replace('type: "LRN"', 'type: "LRN" forward_type: FLOAT');
  const alone = layers.replace('name: "conv2"', 'name: "conv2" forward_type: FLOAT16');
  const rounded = async (text: string, options = {}): Promise<boolean[]> => {
    using net = netOf(text, { seed: 3, ...options });
    await net.forward();
    return ["pool", "lrn", "conv2"].map((blob) => isRounded(net, blob));
  };
  expect(await rounded(whole)).toEqual([true, true, true]);
  expect(await rounded(whole, { precision: "f32" })).toEqual([false, false, false]);
  expect(await rounded(others, { precision: "bf16" })).toEqual([true, false, true]);
  expect(await rounded(alone)).toEqual([false, false, true]);
  const solver = solverOf(`solver_data_type: FLOAT16 net_param { ${layers} } max_iter: 1`);
  await solver.step(1);
  expect(isRounded(solver.net, "pool")).toBe(true);
  solver.close();
});

test("a Pooling layer with a top of places keeps floats", async () => {
  const text = `layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 1 dim: 1 dim: 30 dim: 30 } } }
    layer { name: "pool" type: "Pooling" bottom: "a" top: "y" top: "mask" pooling_param { kernel_size: 2 stride: 2 } }`;
  using net = netOf(text, { precision: "bf16" });
  net.blob("a").data.set(Array.from({ length: 900 }, (_, i) => i));
  await net.forward();
  expect(net.blob("mask").at(0, 0, 14, 14)).toBe(899);
});

describe("where it cannot be", () => {
  /** As on a processor that lacks the instructions. */
  const withoutInstructions = (): Engines => {
    const addon = { ...loadAddon(), multipliesBf16: false };
    return [
      nativeEngine(addon, referenceEngines[0] as Engine, new Tuner()),
      ...referenceEngines,
    ] as never;
  };

  test.skipIf(!native)("a processor without its instructions refuses, with the reason", () => {
    expect(() => netOf(layers, { engines: withoutInstructions(), precision: "bf16" })).toThrow(
      /no instructions for bfloat16 \(AVX512_BF16\).*--engine reference/,
    );
  });

  test.skipIf(!native)(
    "a file that asks for it is computed in floats, with a warning",
    async () => {
      const lines: string[] = [];
      const log: Log = (severity, _source, message) => {
        if (severity === "warning") lines.push(message);
      };
      using net = netOf(`default_forward_type: FLOAT16 ${layers}`, {
        engines: withoutInstructions(),
        log,
      });
      expect(lines).toEqual([
        expect.stringMatching(
          /^FLOAT16 is asked for, and all is kept as 32-bit floats: .*AVX512_BF16/,
        ),
      ]);
      await net.forward();
      expect(isRounded(net, "pool")).toBe(false);
    },
  );

  test("float64 and engines of floats refuse", () => {
    expect(() => netOf(layers, { dtype: "f64", precision: "bf16" })).toThrow(/dtype "f64"/);
    const wasm = availableEngines.get("wasm");
    if (wasm) {
      expect(() => netOf(layers, { engines: wasm, precision: "bf16" })).toThrow(
        /the wasm engine computes with 32-bit floats alone/,
      );
    }
  });
});

describe.skipIf(!canMultiply)("native", () => {
  const engines = native as Engines;

  test("a net gives what the reference gives but for roundings of one digit", async () => {
    const nets = [engines, referenceEngines].map((which) =>
      netOf(layers, { engines: which, precision: "bf16", seed: 3, fuse: false }),
    );
    for (const net of nets) {
      await net.forward();
      await net.backward();
    }
    const [got, want] = nets as [Net, Net];
    // A layer turns some of its numbers into their neighbours, 2⁻⁷ away at most, and passes on those of the layers before.
    const bound = 2 ** -7;
    for (const name of ["conv1", "sum", "lrn", "cat", "ip2"]) {
      expect(distance(got.blob(name).values(), want.blob(name).values()), name).toBeLessThan(bound);
    }
    got.learnableParams.forEach(({ blob }, i) => {
      const other = want.learnableParams[i]?.blob.diffValues() ?? [];
      expect(distance(blob.diffValues(), other), `gradient ${i}`).toBeLessThan(bound);
    });
    for (const net of nets) net.close();
  });

  test("a net for inference, with BatchNorm in rounded weights, gives the same but for roundings", async () => {
    const text = layers.slice(0, layers.indexOf('layer { name: "loss"'));
    const [folded, whole] = await Promise.all(
      [true, false].map(async (forInference) => {
        const options = {
          engines,
          precision: "bf16",
          seed: 3,
          phase: "TEST",
          forInference,
        } as const;
        using net = netOf(text, options);
        await net.forward();
        return [...net.blob("ip2").values()];
      }),
    );
    expect(distance(folded ?? [], whole ?? [])).toBeLessThan(2 ** -6);
    expect(whole?.some((x) => x !== 0)).toBe(true);
  });

  test("a resumed run gives the bits of one that was not interrupted, and snapshots are floats", async () => {
    const folder = temporaryFolder();
    const text = `net_param { ${layers} } max_iter: 6 momentum: 0.9 weight_decay: 1e-3 snapshot_prefix: "${join(folder, "s")}"`;
    const options = { engines, precision: "bf16", sharesMemory: true } as const;
    const weights = ({ net }: { readonly net: Net }): number[][] =>
      net.learnableParams.map(({ blob }) => [...blob.values()]);
    const straight = solverOf(text, options, { base_lr: 0.01 });
    await straight.step(6);
    const first = solverOf(text, options, { base_lr: 0.01 });
    await first.step(3);
    const state = await first.snapshot();
    expect(weights(first)[0]?.every((x) => x === bf16(x))).toBe(false);
    const second = solverOf(text, options, { base_lr: 0.01 });
    await second.restore(state);
    await second.step(3);
    expect(weights(second)).toEqual(weights(straight));
    for (const solver of [straight, first, second]) solver.close();
  });
});
