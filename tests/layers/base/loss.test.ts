import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { messageType } from "../../../src/io/proto/messages.ts";
import { normalizationOf, normalizer } from "../../../src/layers/base/loss.ts";
import * as layers from "../../../src/layers/index.ts";
import { describeEngines } from "../../support/engines.ts";
import { forward, keptLog, layerNet, netOf, noise, write } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const root = temporaryFolder();

/** The bottoms of each loss: their shapes, and which of them is a label. */
const LOSSES: Readonly<
  Record<string, { shapes: readonly (readonly number[])[]; label: number | undefined }>
> = {
  ContrastiveLoss: { shapes: [[2, 3], [2, 3], [2]], label: 2 },
  EuclideanLoss: {
    shapes: [
      [2, 3],
      [2, 3],
    ],
    label: undefined,
  },
  FocalLoss: { shapes: [[2, 3], [2]], label: 1 },
  HingeLoss: { shapes: [[2, 3], [2]], label: 1 },
  InfogainLoss: { shapes: [[2, 3], [2], [3, 3]], label: 1 },
  L1Loss: {
    shapes: [
      [2, 3],
      [2, 3],
    ],
    label: undefined,
  },
  MultinomialLogisticLoss: { shapes: [[2, 3], [2]], label: 1 },
  SigmoidCrossEntropyLoss: {
    shapes: [
      [2, 3],
      [2, 3],
    ],
    label: 1,
  },
  SoftmaxWithLoss: { shapes: [[2, 3], [2]], label: 1 },
  TripletLoss: {
    shapes: [
      [2, 3],
      [2, 3],
      [2, 3],
    ],
    label: undefined,
  },
};

/** Losses of sequences, pairs, boxes, regions and pixels: what they take is no such list of scores, and their own tests tell of them. */
const ELSEWHERE = [
  "CTCLoss",
  "CtcLoss",
  "DetectionGroupLoss",
  "DetectionLoss",
  "GaussianYolov3",
  "GeneralContrastiveLoss",
  "GeneralTripletLoss",
  "MTCNNEuclideanLoss",
  "MultiBoxLoss",
  "RegionLoss",
  "SmoothL1Loss",
  "SmoothL1LossOHEM",
  "SoftmaxWithLossOHEM",
  "WarpCTCLoss",
  "YoloSeg",
  "Yolov3",
];

test("every loss of scores is here", () => {
  const types = Object.values(layers).flatMap(({ type, isLoss }) => (isLoss ? [type] : []));
  expect([...Object.keys(LOSSES), ...ELSEWHERE].sort()).toEqual(types.sort());
});

describe.each(Object.entries(LOSSES))("%s", (type, { shapes, label }) => {
  const bottoms = shapes.map((_, i) => `bottom: "${"abc"[i]}"`).join(" ");
  // Numbers between 0 and 1: scores, probabilities, and, as labels, class 0.
  const inputs = shapes.map((shape, i) =>
    noise(
      shape.reduce((a, b) => a * b),
      i + 1,
    ).map(Math.abs),
  );

  test("makes its top where none is named, with weight 1, or as loss_weight says", async () => {
    const run = async (more: string): Promise<number> => {
      const net = layerNet(`type: "${type}" ${bottoms} ${more}`, shapes);
      inputs.forEach((values, i) => {
        net
          .blob("abc"[i] ?? "")
          .dataMem.overwriteCpu()
          .set(values);
      });
      return await net.forward();
    };
    const plain = await run("");
    expect(plain).not.toBe(0);
    expect(await run('top: "y"')).toBeCloseTo(plain, 6);
    expect(await run("loss_weight: 3")).toBeCloseTo(3 * plain, 5);
    expect(await run('top: "y" loss_weight: 0')).toBe(0);
  });

  test("has no gradient for labels, and says so where one is asked for", async () => {
    const wants = shapes.map((_, i) => `propagate_down: ${i === label}`).join(" ");
    const net = layerNet(`type: "${type}" ${bottoms} top: "y" ${wants}`, shapes);
    await forward(net, ...inputs);
    const ended = expect(net.backward());
    // Caffe's ContrastiveLoss pays no heed.
    if (label === undefined || type === "ContrastiveLoss") await ended.resolves.toBeUndefined();
    else await ended.rejects.toThrow("cannot backpropagate to label inputs");
  });
});

describeEngines("a loss that another layer reads", (engines) => {
  const run = async (
    type: string,
    { shapes }: { shapes: readonly (readonly number[])[] },
    more: string,
    behind: string,
  ): Promise<{ losses: number[]; gradient: number[]; lines: readonly string[] }> => {
    const { log, lines } = keptLog();
    const names = shapes.map((_, i) => "abc"[i] ?? "");
    const net = netOf(
      `force_backward: true
      ${names.map((name, i) => `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${shapes[i]?.map((dim) => `dim: ${dim}`).join(" ")} } } }`).join(" ")}
      layer { name: "t" type: "${type}" ${names.map((name) => `bottom: "${name}"`).join(" ")} top: "y" ${more} } ${behind}`,
      { engines, log },
    );
    names.forEach((name, i) => {
      write(net.blob(name), noise(net.blob(name).count(), i + 1).map(Math.abs));
    });
    const losses: number[] = [];
    for (let pass = 0; pass < 2; pass++) {
      losses.push(await net.forward());
      await net.backward();
    }
    await net.toHost();
    const gradient = [...net.blob("a").diffValues()];
    return { losses, gradient, lines: lines.filter((line) => line.includes("in no gradient")) };
  };
  const power =
    'layer { name: "p" type: "Power" bottom: "y" top: "z" power_param { scale: 3 } loss_weight: 2 }';

  test.each(Object.entries(LOSSES))("%s, in every pass", async (type, shapes) => {
    const alone = await run(type, shapes, "", "");
    const [loss = 0] = alone.losses;
    expect(alone.lines).toEqual([]);
    for (const [more, told, weight] of [
      // Its own weight moves to the split, and the loss keeps the weight 1 that it has by default.
      ["loss_weight: 0.5", 1 + 0.5 + 6, 0.5 + 6],
      ["", 1 + 6, 6],
      ["loss_weight: 0", 6, 6],
    ] as const) {
      const { losses, gradient, lines } = await run(type, shapes, more, power);
      expect(losses).toBeAllClose([told * loss, told * loss]);
      expect(gradient).toBeAllClose(alone.gradient.map((value) => weight * value));
      expect(lines).toHaveLength(more === "loss_weight: 0" ? 0 : 1);
    }
  });
});

test.each(["SoftmaxWithLoss", "InfogainLoss"])(
  "%s gives the probabilities in a second top, without a loss_weight",
  async (type) => {
    const matrix = type === "InfogainLoss" ? 'bottom: "c"' : "";
    const shapes = [[1, 2], [1], ...(matrix ? [[2, 2]] : [])];
    const net = layerNet(
      `type: "${type}" bottom: "a" bottom: "b" ${matrix} top: "loss" top: "p"`,
      shapes,
    );
    const [loss = [], p] = await forward(
      net,
      ...[[0, Math.log(3)], [1], [1, 0, 0, 1]].slice(0, shapes.length),
    );
    expect(p).toBeAllClose([0.25, 0.75]);
    expect(loss).toBeAllClose([-Math.log(0.75)]);
    expect(net.lossWeights.at(-1)).toEqual([1, 0]);
  },
);

test("InfogainLoss reads its matrix from a file, along any axis", async () => {
  const type = messageType("BlobProto");
  const matrix = [1, 0.5, 0, 2];
  writeFileSync(
    join(root, "h.binaryproto"),
    type
      .encode(type.fromObject({ num: 1, channels: 1, height: 2, width: 2, data: matrix }))
      .finish(),
  );
  const file = layerNet(
    'type: "InfogainLoss" bottom: "a" bottom: "b" top: "y" infogain_loss_param { source: "h.binaryproto" axis: -1 }',
    [
      [2, 1, 2],
      [2, 1],
    ],
    { root },
  );
  const given = layerNet('type: "InfogainLoss" bottom: "a" bottom: "b" bottom: "c" top: "y"', [
    [2, 2],
    [2, 1],
    [2, 2],
  ]);
  const [scores, labels] = [
    [0.5, -1, 2, 0.1],
    [0, 1],
  ];
  expect((await forward(file, scores, labels))[0]).toBeAllClose(
    (await forward(given, scores, labels, matrix))[0] ?? [],
  );
  expect(() =>
    layerNet(
      'type: "InfogainLoss" bottom: "a" bottom: "b" top: "y" infogain_loss_param { source: "h.binaryproto" }',
      [[2, 3], [2]],
      { root },
    ),
  ).toThrow("the infogain matrix has 4 values. Expected 3×3");
});

test("normalization: the present name, the old one, and the layer's own default", () => {
  expect(normalizationOf(undefined)).toBe("VALID");
  expect(normalizationOf(undefined, "BATCH_SIZE")).toBe("BATCH_SIZE");
  expect(normalizationOf({ normalize: true }, "BATCH_SIZE")).toBe("VALID");
  expect(normalizationOf({ normalize: false })).toBe("BATCH_SIZE");
  expect(normalizationOf({ normalize: false, normalization: "FULL" })).toBe("FULL");
});

test.each([
  ["FULL", 12],
  ["VALID", 5],
  ["BATCH_SIZE", 3],
  ["NONE", 1],
] as const)("the divisor of %s is %d, and never less than 1", (mode, divisor) => {
  expect(normalizer(mode, 3, 4, 5)).toBe(divisor);
  expect(normalizer(mode, 0, 0, 0)).toBe(1);
});
