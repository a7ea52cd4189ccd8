import { expect, test } from "vitest";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import { TestScores } from "../../../src/net/evaluation/test-scores.ts";
import { Solver } from "../../../src/solvers/solver.ts";
import { describeEngines, referenceEngines } from "../../support/engines.ts";
import { forward, layerNet } from "../../support/nets.ts";

const evaluate = (param = "threshold: 0.5"): string =>
  `type: "SegmentationEvaluate" bottom: "a" bottom: "b" top: "y" segmentation_evaluate_param { ${param} }`;

describeEngines("SegmentationEvaluate", (engines) => {
  test("gives each class's overlap, the mean over images that have it, −1 where none has", async () => {
    const shape = [2, 3, 1, 4];
    const net = layerNet(evaluate(), [shape, shape], { engines });
    const scores = [
      ...[0.9, 0.9, 0, 0, 0, 0.6, 0.5, 0, 1, 1, 1, 1],
      ...[0.9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ];
    const masks = [
      ...[1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0],
      ...[1, 0, 0, 0, 0, 0, 0, 0, 0, 0.5, 0, 0],
    ];
    const [overlaps] = await forward(net, scores, masks);
    expect(net.blob("y").shape).toEqual([1, 1, 1, 3]);
    expect(overlaps).toBeAllClose([(2 / 3 + 1) / 2, 1 / 2, -1]);
  });

  test("resizes scores of another size to that of the masks", async () => {
    const sizes = [
      [1, 1, 2, 4],
      [1, 1, 1, 2],
    ];
    const net = layerNet(evaluate(), sizes, { engines });
    // Means 0.75 and 0.25.
    const [small] = await forward(net, [1, 1, 1, 0, 1, 0, 0, 0], [1, 1]);
    expect(small).toBeAllClose([0.5]);
  });
});

test("a test's score is the mean over all images that have a class, and over the classes there are", async () => {
  const shape = [1, 2, 1, 2];
  const net = layerNet(evaluate(), [shape, shape]);
  const scores = new TestScores(net);
  for (const [x, t] of [
    [
      [1, 1, 0, 0],
      [1, 0, 0, 0],
    ],
    [
      [1, 1, 0, 0],
      [1, 1, 0, 0],
    ],
    [
      [1, 1, 0, 0],
      [0, 0, 0, 0],
    ],
  ] as const) {
    await forward(net, [...x], [...t]);
    scores.add(await net.outputValues());
  }
  expect(scores.scores("Integral")).toEqual([
    {
      ...{ output: "y", name: "y", value: 0.75, lossWeight: 0 },
      masks: [
        { label: 0, iou: 0.75, images: 2 },
        { label: 1, iou: Number.NaN, images: 0 },
      ],
    },
  ]);
});

test("a solver logs overlaps as MobileNet-YOLO's does", async () => {
  const said: string[] = [];
  const shape = "shape { dim: 1 dim: 2 dim: 1 dim: 2 }";
  const solver = new Solver(
    {
      net_param: parsePrototxt(
        "NetParameter",
        `layer { name: "d" type: "DummyData" top: "a" top: "b" dummy_data_param { ${shape} data_filler { value: 0.7 } data_filler { value: 1 } } }
         layer { name: "seg" ${evaluate()} }`,
      ),
      ...{ base_lr: 0.1, lr_policy: "fixed", max_iter: 0, test_iter: [2], test_interval: 1 },
      ...{ eval_type: "detection_segmentation", snapshot_after_train: false },
    },
    { engines: referenceEngines, log: (_s, _f, message) => said.push(message) },
  );
  await solver.solve();
  solver.close();
  const at = said.indexOf("Seg Classes 0 IOU : 1");
  expect(said.slice(at, at + 4)).toEqual([
    "Seg Classes 0 IOU : 1",
    "Seg Classes 1 IOU : 1",
    "Seg mIOU : 1",
    "    Test net output #0: y = 1",
  ]);
});

test.each([
  [evaluate(), [1, 2, 2, 2], [1, 1, 2, 2], "Expected N×K×h×w and N×K×H×W"],
  [evaluate(), [1, 2, 2, 2], [2, 2, 2, 2], "Expected N×K×h×w and N×K×H×W"],
  [evaluate("num_classes: 3"), [1, 2, 2, 2], [1, 2, 2, 2], "num_classes is 3, and bottoms have 2"],
])("SegmentationEvaluate refuses %s with %j and %j", (layer, a, b, message) => {
  expect(() => layerNet(layer, [a, b])).toThrow(message);
});
