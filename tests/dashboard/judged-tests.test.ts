// What the page is told of the tests of segmenters and detectors.
import { expect, test } from "vitest";
import type { TestView } from "../../src/dashboard/api.ts";
import { live, liveSolver, SOLVER, viewOf } from "./live.ts";

const TESTING = `${SOLVER} test_iter: 3 test_interval: 10`;
const constant = (value: number): string => `data_filler { type: "constant" value: ${value} }`;
const PICTURES = `layer { name: "data" type: "DummyData" top: "data" dummy_data_param {
  shape { dim: 1 dim: 3 dim: 6 dim: 5 } data_filler { type: "uniform" min: 0 max: 255 } } }`;

/** A blob of one row of numbers, joined from as many. */
function row(name: string, values: readonly number[]): string {
  const tops = values.map((_, i) => `${name}${i}`);
  const each = (text: (value: number) => string): string => values.map(text).join(" ");
  return `layer { name: "${name}s" type: "DummyData" include { phase: TEST } ${tops.map((top) => `top: "${top}"`).join(" ")}
    dummy_data_param { ${each(() => "shape { dim: 1 dim: 1 dim: 1 dim: 1 }")} ${each(constant)} } }
    layer { name: "${name}" type: "Concat" include { phase: TEST } ${tops.map((top) => `bottom: "${top}"`).join(" ")} top: "${name}" concat_param { axis: 3 } }`;
}

test("a segmenter's: classes of pixels, and the pictures told worst with their maps", async () => {
  const net = `name: "segmenter" ${PICTURES}
    layer { name: "labels" type: "DummyData" top: "label" dummy_data_param { shape { dim: 1 dim: 1 dim: 6 dim: 5 } ${constant(1)} } }
    layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 3 kernel_size: 1
      weight_filler { type: "constant" value: 0 } bias_filler { type: "constant" value: 0 } } param { lr_mult: 0 } param { lr_mult: 0 } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "conv" bottom: "label" top: "loss" }`;
  await using one = await live(liveSolver(TESTING, {}, net), TESTING);
  const { view } = await viewOf<TestView>(one, "test");
  const [tested] = view.nets;
  expect([tested?.classes, tested?.objects, tested?.why]).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  const { pixels } = tested ?? {};
  // Of equal scores the last is the greatest: every pixel is taken for class 2, and all are of class 1.
  expect(pixels).toMatchObject({
    ...{ records: 3, accuracy: 0, meanIou: 0, shown: [0, 1, 2], ious: ["NaN", 0, 0] },
    names: ["class 0", "<i>one</i>", "class 2"],
    confusion: [
      [0, 0, 0],
      [0, 0, 90],
      [0, 0, 0],
    ],
  });
  expect(pixels?.worst.map(({ record }) => record)).toEqual([0, 1, 2]);
  for (const { picture, maps } of pixels?.worst ?? []) {
    expect([picture?.width, picture?.height]).toEqual([5, 6]);
    expect(maps?.truth).toMatch(/^data:image\/png;base64,/);
    expect(maps?.guess).not.toBe(maps?.truth);
  }
});

test("a detector's: average precisions, and boxes that are wrong or missed, in pixels of the picture", async () => {
  const net = `name: "detector" ${PICTURES}
    layer { name: "ip" type: "InnerProduct" bottom: "data" top: "ip" include { phase: TRAIN } inner_product_param { num_output: 1 } param { lr_mult: 0 } param { lr_mult: 0 } }
    layer { name: "loss" type: "Reduction" bottom: "ip" top: "loss" loss_weight: 1 include { phase: TRAIN } }
    ${row("found", [0, 1, 0.9, 0.2, 0.5, 0.4, 1])}
    ${row("there", [0, 1, 0, 0.6, 0, 1, 0.5, 0])}
    layer { name: "evaluate" type: "DetectionEvaluate" bottom: "found" bottom: "there" top: "evaluate" include { phase: TEST }
      detection_evaluate_param { num_classes: 3 background_label_id: 0 } }`;
  await using one = await live(liveSolver(TESTING, {}, net), TESTING);
  const { view } = await viewOf<TestView>(one, "test");
  const [tested] = view.nets;
  expect([tested?.classes, tested?.pixels, tested?.why]).toEqual([undefined, undefined, undefined]);
  const { objects } = tested ?? {};
  expect(objects).toMatchObject({ records: 3, meanAveragePrecision: 0 });
  expect(objects?.classes[0]).toEqual({
    ...{ name: "<i>one</i>", objects: 3, detections: 3, right: 0, averagePrecision: 0 },
  });
  expect(objects?.worst).toHaveLength(3);
  for (const { picture, boxes } of objects?.worst ?? []) {
    expect([picture?.width, picture?.height]).toEqual([5, 6]);
    const told = boxes.map(({ kind, name, score, x, y, width, height }) => [
      kind,
      name,
      ...[score, x, y, width, height].map((value) => value && Number(value.toFixed(4))),
    ]);
    expect(told).toEqual([
      ["missed", "<i>one</i>", undefined, 3, 0, 2, 3],
      ["wrong", "<i>one</i>", 0.9, 1, 3, 1, 3],
    ]);
  }
});
