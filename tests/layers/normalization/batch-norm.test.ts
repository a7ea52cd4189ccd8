import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet, netOf, write } from "../../support/nets.ts";

describeEngines("BatchNorm", (engines) => {
  test("normalises each channel, and keeps sums of the statistics", async () => {
    const net = layerNet(
      'type: "BatchNorm" bottom: "a" top: "y" batch_norm_param { moving_average_fraction: 0.5 eps: 0 }',
      [[2, 2]],
      { engines },
    );
    expect((await forward(net, [1, 10, 3, 30]))[0]).toBeAllClose([-1, -1, 1, 1]);
    await net.forward();
    await net.toHost();
    const [mean, variance, factor] =
      net.layers[1]?.blobs.map((blob) => Array.from(blob.values())) ?? [];
    expect(mean).toBeAllClose([3, 30]);
    expect(variance).toBeAllClose([3, 300]);
    expect(factor).toEqual([1.5]);
  });

  test("uses them in testing, divided by the factor", async () => {
    const net = layerNet(
      'type: "BatchNorm" bottom: "a" top: "y" batch_norm_param { eps: 0 }',
      [[1, 2]],
      { engines, phase: "TEST" },
    );
    [[4, 8], [8, 32], [2]].forEach((values, i) => {
      net.layers[1]?.blobs[i]?.dataMem.overwriteCpu().set(values);
    });
    expect((await forward(net, [4, 8]))[0]).toBeAllClose([1, 1]);
  });

  test.each([
    [[2, 1, 4, 4], "batch"],
    [[3, 16, 3, 3], "batch"],
    [[2, 5], "batch"],
    [[2, 1, 4, 4], "global"],
    [[3, 16, 3, 3], "global"],
    [[2, 5], "global"],
  ] as const)("of a constant far from 0 leaves nothing: %j, %s statistics", async (shape, kind) => {
    const net = layerNet('type: "BatchNorm" bottom: "a" top: "y"', [shape], {
      engines,
      phase: kind === "global" ? "TEST" : "TRAIN",
    });
    const [mean, variance, factor] = net.layers[1]?.blobs ?? [];
    mean?.dataMem.overwriteCpu().fill(1000.5);
    variance?.dataMem.overwriteCpu().fill(1e-6);
    factor?.dataMem.overwriteCpu().fill(1);
    const x = new Array<number>(net.blob("a").count()).fill(1000.5);
    const [y = []] = await forward(net, x);
    expect(y.every((value) => value === 0)).toBe(true);
  });

  test("folded into a convolution, with a Scale and a ReLU behind it, likewise", async () => {
    const net = netOf(
      `layer { name: "a" type: "Input" top: "a" input_param { shape { dim: 1 dim: 1 dim: 3 dim: 3 } } }
       layer { name: "c" type: "Convolution" bottom: "a" top: "y" convolution_param { num_output: 16 kernel_size: 1 bias_term: false weight_filler { value: 1 } } }
       layer { name: "bn" type: "BatchNorm" bottom: "y" top: "y" }
       layer { name: "s" type: "Scale" bottom: "y" top: "y" scale_param { filler { value: 100 } bias_term: true } }
       layer { name: "r" type: "ReLU" bottom: "y" top: "y" }`,
      { engines, phase: "TEST", forwardOnly: true },
    );
    const [mean, variance, factor] = net.layers[net.layerNames.indexOf("bn")]?.blobs ?? [];
    mean?.dataMem.overwriteCpu().fill(1000.5);
    variance?.dataMem.overwriteCpu().fill(1e-6);
    factor?.dataMem.overwriteCpu().fill(1);
    write(net.blob("a"), new Array<number>(9).fill(1000.5));
    for (let pass = 0; pass < 2; pass++) {
      await net.forward();
      await net.toHost();
      expect(
        net
          .blob("y")
          .values()
          .every((value) => value === 0),
      ).toBe(true);
    }
  });

  test.each(["y", "a"])("agrees with the reference, top %s", async (top) => {
    await checkParity(engines, `type: "BatchNorm" bottom: "a" top: "${top}"`, [[3, 4, 2, 2]]);
  });
});

test.each(["", "use_global_stats: true"])("BatchNorm gradient %s", async (param) => {
  await checkGradient(
    `type: "BatchNorm" bottom: "a" top: "y" param { lr_mult: 0 } param { lr_mult: 0 } param { lr_mult: 0 } batch_norm_param { ${param} eps: 1 }`,
    [[3, 2, 2]],
    { phase: "TRAIN" },
  );
});

describeEngines("Intel's BatchNorm", (engines) => {
  const text = (param: string): string =>
    `type: "BatchNorm" bottom: "a" top: "y" batch_norm_param { eps: 0 moving_average_fraction: 0.5 ${param} }`;

  test("has a line behind it, and Caffe's statistics", async () => {
    const net = layerNet(
      text("use_weight_bias: true filler { value: 2 } bias_filler { value: 10 }"),
      [[2, 1]],
      { engines },
    );
    expect((await forward(net, [1, 3]))[0]).toBeAllClose([8, 12]);
    await net.toHost();
    const blobs = net.layers[1]?.blobs.map((blob) => Array.from(blob.values())) ?? [];
    expect(blobs).toEqual([[2], [2], [1], [2], [10]]);
  });

  test("has no bias with bias_term: false", async () => {
    const net = layerNet(text("bias_term: false filler { value: 3 }"), [[2, 1]], { engines });
    expect((await forward(net, [1, 3]))[0]).toBeAllClose([-3, 3]);
    expect(net.layers[1]?.blobs.length).toBe(4);
  });

  test("counts the statistics of each part of a batch", async () => {
    const net = layerNet(text("stats_batch_size: 2"), [[4, 1]], { engines });
    expect((await forward(net, [1, 3, 10, 30]))[0]).toBeAllClose([-1, 1, -1, 1]);
    await net.toHost();
    const [mean, variance, factor] =
      net.layers[1]?.blobs.map((blob) => Array.from(blob.values())) ?? [];
    expect(mean).toBeAllClose([0.5 * 2 + 20]);
    expect(variance).toBeAllClose([0.5 * 2 + 200]);
    expect(factor).toEqual([1.5]);
  });

  test("agrees with the reference in parts, in place too", async () => {
    await checkParity(engines, text("stats_batch_size: 2"), [[4, 3, 2, 2]]);
    await checkParity(engines, text("stats_batch_size: 1").replace('"y"', '"a"'), [[3, 2, 2]]);
  });
});

test.each([
  ["stats_batch_size: 2", [3, 2], "stats_batch_size is 2, bottom shape (3,2)"],
  ["stats_batch_size: 2 use_weight_bias: true", [4, 2], "has stats_batch_size and a scale"],
  ["add_eps_before_sqrt: false", [4, 2], "known with running statistics alone"],
])("BatchNorm with %s of a bottom of shape %j is refused", (param, shape, message) => {
  const text = `type: "BatchNorm" bottom: "a" top: "y" batch_norm_param { ${param} }`;
  expect(() => layerNet(text, [shape])).toThrow(message);
});

describeEngines("BatchNorm that adds eps to the deviation", (engines) => {
  test("does so in TEST", async () => {
    const net = layerNet(
      'type: "BatchNorm" bottom: "a" top: "y" batch_norm_param { eps: 0.5 add_eps_before_sqrt: false }',
      [[1, 2]],
      { engines, phase: "TEST" },
    );
    [[4, 8], [8, 32], [2]].forEach((values, i) => {
      net.layers[1]?.blobs[i]?.dataMem.overwriteCpu().set(values);
    });
    expect((await forward(net, [7, 13]))[0]).toBeAllClose([2, 2]);
  });
});

test("NVIDIA's BatchNorm takes any lr_mult of its statistics for 0", () => {
  const text = (param: string): string =>
    `type: "BatchNorm" bottom: "a" top: "y" param { lr_mult: 1 } batch_norm_param { ${param} }`;
  expect(() => layerNet(text("scale_filler { value: 1 }"), [[2, 2]])).not.toThrow();
  expect(() => layerNet(text(""), [[2, 2]])).toThrow("Cannot configure batch normalization");
});

test("BatchNorm of a single number without axes is refused", () => {
  const scalar = `layer { name: "a" type: "Input" top: "a" input_param { shape {} } }
    layer { name: "bn" type: "BatchNorm" bottom: "a" top: "y" }`;
  expect(() => netOf(scalar)).toThrow('layer "bn" (BatchNorm): bottom has shape ()');
});

test("BatchNorm's statistics are not learned", () => {
  expect(() =>
    layerNet('type: "BatchNorm" bottom: "a" top: "y" param { lr_mult: 1 }', [[2, 2]]),
  ).toThrow("Cannot configure batch normalization statistics as layer parameters");
});

describeEngines("BatchNorm with scale_bias", (engines) => {
  const lined = (more = ""): string =>
    `type: "BatchNorm" bottom: "a" top: "y" batch_norm_param { scale_bias: true eps: 3 moving_average_fraction: 0.5 } ${more}`;
  const blobs = [[2], [1], [1], [10], [100]]
    .map((data) => `blobs { shape { dim: 1 } data: [${data.join(", ")}] }`)
    .join(" ");

  test("has a line behind it, and running statistics whose variance includes eps", async () => {
    const net = layerNet(lined(blobs), [[2, 1]], { engines });
    const statistics = (): number[] =>
      net.layers.at(-1)?.blobs.map((blob) => blob.values()[0] ?? 0) ?? [];
    // Mean 1, variance 1.
    expect((await forward(net, [0, 2]))[0]).toBeAllClose([95, 105]);
    expect(statistics()).toBeAllClose([1, 4, 1, 10, 100]);
    await forward(net, [2, 4]);
    expect(statistics()).toBeAllClose([3, 4, 1, 10, 100]);
    // From the third pass on they are averaged.
    await forward(net, [4, 10]);
    expect(statistics()).toBeAllClose([5, 8, 1, 10, 100]);
  });

  test("takes running ones in TEST whatever use_global_stats says", async () => {
    const layer = lined(blobs).replace("eps: 3", "eps: 3 use_global_stats: false");
    const net = layerNet(layer, [[2, 1]], { engines, phase: "TEST" });
    expect((await forward(net, [2, 4]))[0]).toBeAllClose([100, 110]);
  });

  test("learns its line and nothing else", () => {
    const net = layerNet(lined(), [[2, 3]], { engines });
    expect(net.learnableParams.map(({ lrMult }) => lrMult)).toEqual([0, 0, 0, 1, 1]);
    expect(net.layers.at(-1)?.blobs.map((blob) => blob.values()[0])).toEqual([0, 0, 1, 1, 0]);
  });

  test.each(["y", "a"])("agrees with the reference, top %s", async (top) => {
    await checkParity(engines, lined().replace('top: "y"', `top: "${top}"`), [[3, 2, 4]]);
  });
});

test("BatchNorm with scale_bias goes on with its averages in a resumed run", async () => {
  const layer = 'type: "BatchNorm" bottom: "a" top: "y" batch_norm_param { scale_bias: true }';
  const net = layerNet(layer, [[2, 1]]);
  await forward(net, [0, 2]);
  expect(net.layers.at(-1)?.state()).toEqual({ passes: 1 });
});
