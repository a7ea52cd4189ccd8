import { expect, test } from "vitest";
import { describeEngines } from "../support/engines.ts";
import { checkGradient, checkParity, forward, layerNet } from "../support/nets.ts";

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

test("BatchNorm's statistics are not learned", () => {
  expect(() =>
    layerNet('type: "BatchNorm" bottom: "a" top: "y" param { lr_mult: 1 }', [[2, 2]]),
  ).toThrow("Cannot configure batch normalization statistics as layer parameters");
});
