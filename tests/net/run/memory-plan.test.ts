import { expect, test } from "vitest";
import type { Net } from "../../../src/net/net.ts";
import { describeEngines } from "../../support/engines.ts";
import { netOf, noise, write } from "../../support/nets.ts";

/** A result that is made again, splits, work in place, a view, and a loss: all that can go wrong when memory is given up early. */
const text = `
  layer { name: "data" type: "DummyData" top: "data" top: "label"
          dummy_data_param { shape { dim: 4 dim: 3 dim: 16 dim: 16 } shape { dim: 4 } data_filler { type: "constant" value: 1 } data_filler { type: "constant" value: 2 } } }
  layer { name: "first" type: "Convolution" bottom: "data" top: "first" convolution_param { num_output: 16 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
  layer { name: "first_relu" type: "ReLU" bottom: "first" top: "first" }
  layer { name: "stem" type: "Convolution" bottom: "first" top: "stem" convolution_param { num_output: 16 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
  layer { name: "stem_relu" type: "ReLU" bottom: "stem" top: "stem" }
  layer { name: "pool" type: "Pooling" bottom: "stem" top: "pool" pooling_param { kernel_size: 3 stride: 2 } }
  layer { name: "conv" type: "Convolution" bottom: "pool" top: "conv" convolution_param { num_output: 16 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
  layer { name: "bn" type: "BatchNorm" bottom: "conv" top: "conv" }
  layer { name: "scale" type: "Scale" bottom: "conv" top: "conv" scale_param { bias_term: true } }
  layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
  layer { name: "branch" type: "Convolution" bottom: "conv" top: "branch" convolution_param { num_output: 16 kernel_size: 1 weight_filler { type: "xavier" } } }
  layer { name: "sum" type: "Eltwise" bottom: "conv" bottom: "branch" top: "sum" }
  layer { name: "join" type: "Concat" bottom: "sum" bottom: "conv" top: "join" }
  layer { name: "flat" type: "Flatten" bottom: "join" top: "flat" }
  layer { name: "ip" type: "InnerProduct" bottom: "flat" top: "ip" inner_product_param { num_output: 5 weight_filler { type: "xavier" } } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }
  layer { name: "accuracy" type: "Accuracy" bottom: "ip" bottom: "label" top: "accuracy" }`;

async function train(net: Net): Promise<unknown> {
  net.learnableParams.forEach(({ blob }, i) => {
    write(blob, noise(blob.count(), i));
  });
  const seen: unknown[] = [];
  for (let pass = 0; pass < 3; pass++) {
    net.clearParamDiffs();
    seen.push(await net.forward());
    await net.backward();
    for (const { blob } of net.learnableParams) {
      await blob.diffMem.toHost();
      seen.push([...blob.diffValues()]);
    }
    seen.push((await net.outputValues()).map(({ name, values }) => [name, ...Array.from(values)]));
  }
  return seen;
}

describeEngines("a net that shares memory", (engines) => {
  test("learns the same, to the bit", async () => {
    const [shared, apart] = [true, false].map((sharesMemory) =>
      netOf(text, { engines, sharesMemory }),
    ) as [Net, Net];
    expect(await train(shared)).toEqual(await train(apart));
    for (const net of [shared, apart]) await net.blob("sum").diffMem.toHost();
    const size = (net: Net) =>
      net
        .blob("sum")
        .diffValues()
        .some((value) => value !== 0);
    expect([size(shared), size(apart)]).toEqual([false, true]);
  });

  test("a result of few channels is gone after forward and made again for backward", async () => {
    const net = netOf(text, { engines, sharesMemory: true });
    const isCheap = net.layer("first").engine.device === undefined;
    await net.forward();
    expect(net.blob("first").dataMem.isZero).toBe(isCheap);
    await net.backward(net.layers.length - 1, net.layerIndex("stem"));
    expect(net.blob("first").dataMem.isZero).toBe(false);
  });

  test("gives the same outputs forward only, to the bit", async () => {
    const outputs = await Promise.all(
      [true, false].map(async (sharesMemory) => {
        const options = { engines, phase: "TEST", forwardOnly: true, sharesMemory } as const;
        const net = netOf(text, options);
        net.learnableParams.forEach(({ blob }, i) => {
          write(blob, noise(blob.count(), i));
        });
        await net.forward();
        await net.forward();
        for (const name of ["loss", "accuracy", "sum"]) await net.blob(name).dataMem.toHost();
        const kept = ["data", "label", "loss", "accuracy"].map((name) => [
          ...net.blob(name).values(),
        ]);
        return [
          kept,
          net
            .blob("sum")
            .values()
            .some((value) => value !== 0),
        ] as const;
      }),
    );
    expect(outputs[0]?.[0]).toEqual(outputs[1]?.[0]);
    expect(outputs.map(([, holds]) => holds)).toEqual([false, true]);
  });
});

/** A sum behind a convolution, which takes it over where nobody reads the convolution's result. */
const used = `
  layer { name: "in" type: "Input" top: "x" input_param { shape { dim: 1 dim: 16 dim: 6 dim: 6 } } }
  layer { name: "a" type: "Convolution" bottom: "x" top: "a" convolution_param { num_output: 16 kernel_size: 1 weight_filler { type: "xavier" } } }
  layer { name: "b" type: "Convolution" bottom: "a" top: "b" convolution_param { num_output: 16 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
  layer { name: "sum" type: "Eltwise" bottom: "a" bottom: "b" top: "sum" }
  layer { name: "relu" type: "ReLU" bottom: "sum" top: "sum" }
  layer { name: "pool" type: "Pooling" bottom: "sum" top: "pool" pooling_param { pool: AVE global_pooling: true } }`;

describeEngines("a net that is used alone", (engines) => {
  const x = { shape: [1, 16, 6, 6], data: noise(16 * 36, 3) };
  const open = (forInference: boolean): Net =>
    netOf(used, { engines, phase: "TEST", seed: 3, forInference });

  test("gives the blobs between that a pass is asked for, and those that are kept", async () => {
    const [net, plain] = [open(true), open(false)];
    const names = ["a", "b", "sum"];
    const [given, wanted] = [
      await net.forward({ x }, { blobs: names }),
      await plain.forward({ x }, { blobs: names }),
    ];
    for (const name of [...names, "pool"]) {
      const [values, right] = [given[name]?.values() ?? [], wanted[name]?.values() ?? []];
      expect(right.some((value) => value !== 0)).toBe(true);
      values.forEach((value, i) => {
        expect(value).toBeCloseTo(right[i] ?? Number.NaN, 5);
      });
    }
    const kept = open(true);
    await kept.forward({ x });
    kept.keep("b");
    await kept.forward({ x });
    await kept.blob("b").toHost();
    expect(kept.blob("b").at(0, 3, 2, 1)).toBeCloseTo(wanted["b"]?.at(0, 3, 2, 1) ?? 0, 5);
    expect(() => kept.keep("c")).toThrow('has no blob "c"');
  });

  test("gives up what is between in a pass that makes it larger too, views and copies for backward included", async () => {
    const more = `layer { name: "scale" type: "Scale" bottom: "sum" top: "sum" }
      layer { name: "flat" type: "Flatten" bottom: "sum" top: "flat" }`;
    const net = netOf(used.replace('layer { name: "pool"', `${more} layer { name: "pool"`), {
      engines,
      phase: "TEST",
      forInference: true,
    });
    const shape = [3, 16, 8, 8];
    const data = noise(3 * 16 * 64, 3);
    net.blob("x").reshape(shape);
    const { pool, flat } = await net.forward({ x: data });
    for (const name of ["a", "b"]) expect(net.blob(name).dataMem.isGivenUp).toBe(true);
    for (const name of ["a", "b"]) expect(net.blob(name).count()).toBe(data.length);
    const again = netOf(used.replace('layer { name: "pool"', `${more} layer { name: "pool"`), {
      engines,
      phase: "TEST",
    });
    again.shareWith(net);
    const right = await again.forward({ x: { shape, data } });
    expect([...(pool?.values() ?? [])]).toBeAllClose([...(right["pool"]?.values() ?? [])]);
    expect([...(flat?.values() ?? [])]).toBeAllClose([...(right["flat"]?.values() ?? [])]);
  });

  test("refuses to be read where data has been given up, and to run from there", async () => {
    const net = open(true);
    await net.forward({ x });
    expect(() => net.blob("b").values()).toThrow("that its net has given up");
    expect(() => net.blob("a").data).toThrow("Expected net.keep(NAME) before the pass");
    await expect(net.forward({}, { start: "pool" })).rejects.toThrow(
      'layer "pool" reads blob "sum", which an earlier pass has given up',
    );
    net.blob("sum").assign(1);
    const { pool } = await net.forward({}, { start: "pool" });
    expect([...(pool?.values() ?? [])]).toEqual(Array(16).fill(1));
    expect(net.blob("x").values()).toHaveLength(16 * 36);
  });
});
