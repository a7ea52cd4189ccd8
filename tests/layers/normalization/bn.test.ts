import { describe, expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, keptLog, layerNet } from "../../support/nets.ts";

const bn = (more: string, tops = 'top: "y"'): string => `type: "BN" bottom: "a" ${tops} ${more}`;
const blob = (values: readonly number[]): string =>
  `blobs { shape { dim: 1 dim: ${values.length} dim: 1 dim: 1 } data: [${values.join(", ")}] }`;
const line = blob([2, 3]) + blob([1, -1]);
const psp = (param = ""): string =>
  `bn_param { eps: 0 momentum: 0.75 ${param} } ${line} ${blob([4, 8])} ${blob([16, 4])}`;
const segnet = (param = "bn_mode: LEARN"): string => `bn_param { ${param} } ${line}`;
/** Channels [0, 2] and [1, 5]: means 1 and 3, deviations 1 and 2. */
const input = [0, 1, 2, 5];
const batch = [-1, -4, 3, 2];

describeEngines("BN", (engines) => {
  describe("of PSPNet", () => {
    test("takes the batch's statistics in TRAIN, and keeps running ones", async () => {
      const net = layerNet(bn(psp()), [[2, 2]], { engines });
      expect((await forward(net, input))[0]).toBeAllClose(batch);
      const [, , mean, variance] = net.layers.at(-1)?.blobs ?? [];
      expect(Array.from(mean?.values() ?? [])).toBeAllClose([3.25, 6.75]);
      expect(Array.from(variance?.values() ?? [])).toBeAllClose([12.25, 4]);
    });

    test.each([
      ["TEST", ""],
      ["TRAIN", "frozen: true"],
    ] as const)("takes running ones in %s %s", async (phase, param) => {
      const net = layerNet(bn(psp(param)), [[2, 2]], { engines, phase });
      expect((await forward(net, input))[0]).toBeAllClose([-1, -11.5, 0, -5.5]);
    });

    test("in TEST has the gradient of TRAIN by running statistics", async () => {
      const net = layerNet(bn(psp()), [[2, 2]], { engines, phase: "TEST" });
      await forward(net, [4, 8, 8, 10]);
      net.blob("y").diffMem.overwriteCpu().set([1, 0, 0, 1]);
      await net.backward();
      await net.toHost();
      // Normalised 0 and 1 (both channels): g − mean(g) − x̂·mean(g·x̂), divided by deviations 4 and 2.
      expect(Array.from(net.blob("a").diffValues())).toBeAllClose([0.25, -0.75, -0.25, 0]);
    });
  });

  describe("of SegNet", () => {
    test.each(["TRAIN", "TEST"] as const)(
      "takes the batch's in %s, and tells them",
      async (phase) => {
        const tops = 'top: "y" top: "m" top: "v"';
        const net = layerNet(bn(segnet(), tops), [[2, 2]], { engines, phase });
        await forward(net, input);
        expect(Array.from(net.blob("y").values())).toBeAllClose(batch);
        expect(Array.from(net.blob("m").values())).toBeAllClose([1, 3]);
        expect(Array.from(net.blob("v").values())).toBeAllClose([1, 4]);
      },
    );

    test.each(["y", "a"])("is a line with INFERENCE, top %s", async (top) => {
      const layer = bn(segnet("bn_mode: INFERENCE"), `top: "${top}"`);
      expect((await forward(layerNet(layer, [[2, 2]], { engines }), input))[0]).toBeAllClose([
        1, 2, 5, 14,
      ]);
    });
  });

  test.each(
    [psp(), psp("frozen: true"), segnet(), segnet("bn_mode: INFERENCE")].flatMap((more) => [
      [more, "y"],
      [more, "a"],
    ]),
  )("agrees with the reference: %s top %s", async (more, top) => {
    await checkParity(engines, bn(more, `top: "${top}"`), [[3, 2, 4, 2]]);
  });

  test.each([psp(), segnet("bn_mode: INFERENCE")])(
    "runs within the convolution before it alike, and with a ReLU behind it: %s",
    async (more) => {
      const layers = `type: "Convolution" bottom: "a" top: "c" convolution_param { num_output: 2 kernel_size: 1 weight_filler { type: "xavier" } } } layer { name: "n" type: "BN" bottom: "c" top: "c" ${more} } layer { name: "r" type: "ReLU" bottom: "c" top: "c"`;
      const run = async (fuse: boolean): Promise<readonly number[]> => {
        const net = layerNet(layers, [[2, 3, 2, 2]], { engines, phase: "TEST", fuse, seed: 5 });
        const [y] = await forward(
          net,
          Array.from({ length: 24 }, (_, i) => (i % 7) - 3),
        );
        return y ?? [];
      };
      expect(await run(true)).toBeAllClose(await run(false));
    },
  );
});

test.each([
  [psp(), [0, 0], 2],
  [psp("frozen: true"), [0, 0, 0, 0], 0],
  [segnet(), [], 2],
])("statistics of BN are not learned: %s", (more, none, learned) => {
  const params = layerNet(bn(more), [[2, 2]]).learnableParams.map(({ lrMult }) => lrMult);
  expect(params.filter((mult) => mult === 0)).toEqual(none);
  expect(params.filter((mult) => mult === 1)).toHaveLength(learned);
});

test.each([
  ["", 4, true],
  ['fork: "psp"', 4, false],
  ['fork: "segnet"', 2, false],
  ["bn_param { icnet: true }", 4, false],
  ["bn_param { icnet: false }", 2, false],
  ["param { } param { }", 2, false],
  ["param { } param { } param { } param { }", 4, false],
  ["bn_param { shift_filler { } }", 2, false],
  ["bn_param { momentum: 0.5 }", 4, false],
])("whose BN it is, its fields tell: %s", (more, blobs, warns) => {
  const { log, lines } = keptLog();
  const net = layerNet(bn(more), [[2, 2]], { log });
  expect(net.layers.at(-1)?.blobs).toHaveLength(blobs);
  expect(lines.some((text) => text.includes('Write fork: "segnet"'))).toBe(warns);
});

test.each([
  [bn("bn_param { bn_mode: LEARN frozen: true }"), [[2, 2]], "fields of two forks"],
  [bn("bn_param { frozen: true }", 'top: "y" top: "m"'), [[2, 2]], "PSPNet's BN has one"],
  [bn("bn_param { frozen: true }"), [[2]], "Expected two axes or more"],
])("BN refuses %s", (layer, shapes, message) => {
  expect(() => layerNet(layer, shapes)).toThrow(message);
});
