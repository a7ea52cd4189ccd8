import { expect, test } from "vitest";
import { parseNetParameter } from "../../../src/io/text/read-net.ts";
import { describeEngines } from "../../support/engines.ts";
import { checkParity, forward, keptLog, layerNet } from "../../support/nets.ts";

const layer = (param = ""): string =>
  `type: "MultiStageMeanfield" bottom: "a" bottom: "b" bottom: "c" top: "y" multi_stage_meanfield_param { num_iterations: 2 theta_alpha: 4 theta_beta: 0.5 theta_gamma: 2 ${param} }`;

describeEngines("MultiStageMeanfield", (engines) => {
  test("of one pixel adds what its classes weigh to its scores", async () => {
    const shapes = [
      [1, 2, 1, 1],
      [1, 2, 1, 1],
      [1, 3, 1, 1],
    ];
    const text = layer('spatial_filter_weight: 3 bilateral_filter_weights_str: "5, 1"');
    const net = layerNet(text, shapes, { engines });
    const [y] = await forward(net, [1, 2], [0, 0], [9, 9, 9]);
    // 1 + 8·½ and 2 + 4·½; then shares of those.
    const share = 1 / (1 + Math.exp(4 - 5));
    expect(y).toBeAllClose([1 + 8 * share, 2 + 4 * (1 - share)]);
  });

  test("gives what the reference gives", async () => {
    await checkParity(engines, layer(), new Array(3).fill([2, 3, 4, 5]));
  });

  test("brings a pixel to the class of those that look like it", async () => {
    // Columns 0 to 2 are dark, 3 to 5 light; one dark pixel is taken for the light class.
    const dark = [...Array(36).keys()].map((p) => p % 6 < 3);
    const first = dark.map((isDark, p) => (p === 13 ? 0 : isDark ? 1 : -1));
    const scores = [...first, ...first.map((x) => (x === 0 ? 0.5 : -x))];
    const image = Array.from({ length: 3 }, () => dark.map((isDark) => (isDark ? 0 : 5))).flat();
    const shapes = [
      [1, 2, 6, 6],
      [1, 2, 6, 6],
      [1, 3, 6, 6],
    ];
    const net = layerNet(layer(), shapes, {
      engines,
    });
    const [y = []] = await forward(net, scores, scores, image);
    expect(dark.map((_, p) => y[p]! > y[36 + p]!)).toEqual(dark);
  });
});

test.each<[string, string, number[][], string]>([
  [
    "theta_gamma: 2",
    "theta_gamma: 0",
    [
      [1, 2, 2, 2],
      [1, 2, 2, 2],
      [1, 3, 2, 2],
    ],
    "above 0",
  ],
  [
    "iterations: 2",
    "iterations: 0",
    [
      [1, 2, 2, 2],
      [1, 2, 2, 2],
      [1, 3, 2, 2],
    ],
    "1 or more",
  ],
  [
    "",
    "",
    [
      [1, 2, 2, 2],
      [1, 2, 2, 3],
      [1, 3, 2, 2],
    ],
    "Expected (1,2,2,2)",
  ],
  [
    "",
    "",
    [
      [1, 2, 2, 2],
      [1, 2, 2, 2],
      [1, 1, 2, 2],
    ],
    "an image",
  ],
  [
    "theta_beta",
    'spatial_filter_weights_str: "1 2 3" theta_beta',
    [
      [1, 2, 2, 2],
      [1, 2, 2, 2],
      [1, 3, 2, 2],
    ],
    "one for each class",
  ],
])("refuses, for %s, %s of %j", (from, to, shapes, message) => {
  expect(() => layerNet(layer().replace(from, to), shapes)).toThrow(message);
});

test("an image of no numbers is refused, and threshold has no effect", async () => {
  const { lines, log } = keptLog();
  const shapes = [
    [1, 2, 1, 1],
    [1, 2, 1, 1],
    [1, 3, 1, 1],
  ];
  const net = layerNet(layer("threshold: 2"), shapes, { log });
  await expect(forward(net, [1, 2], [0, 0], [Number.NaN, 9, 9])).rejects.toThrow(
    "no finite number",
  );
  expect(lines.join("\n")).toContain("threshold has no effect");
});

test("files of the old form name it MULTI_STAGE_MEANFIELD", () => {
  const { layer: layers } = parseNetParameter(
    'layers { name: "x" type: MULTI_STAGE_MEANFIELD bottom: "a" bottom: "b" bottom: "c" top: "y" multi_stage_meanfield_param { theta_alpha: 160 } }',
    "test",
    () => {},
  );
  expect(layers?.[0]).toMatchObject({
    type: "MultiStageMeanfield",
    multi_stage_meanfield_param: { theta_alpha: 160 },
  });
});
