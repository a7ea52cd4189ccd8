// What nets that find things make of many boxes, in ONNX Runtime beside our own.
import { describe, expect, test } from "vitest";
import { noise } from "../../support/nets.ts";
import { expectSameRows } from "../../support/onnx-rows.ts";

/** So many boxes of all sizes within 0 and 1. */
function boxes(count: number, seed: number): number[] {
  const numbers = noise(4 * count, seed);
  return Array.from({ length: count }, (_, i) => {
    const [x = 0, y = 0, w = 0, h = 0] = numbers.slice(4 * i, 4 * i + 4);
    const [width, height] = [0.2 + 0.15 * w, 0.2 + 0.15 * h];
    return [x / 2 + 0.5 - width, y / 2 + 0.5 - height, x / 2 + 0.5 + width, y / 2 + 0.5 + height];
  }).flat();
}

describe("DetectionOutput", () => {
  const PRIORS = 60;
  const priors = [
    ...boxes(PRIORS, 5),
    ...Array.from({ length: PRIORS }, () => [0.1, 0.1, 0.2, 0.2]).flat(),
  ];
  const find = (
    images: number,
    kinds: number,
    fields: string,
    more = "nms_threshold: 0.4",
    scores = noise(images * PRIORS * 4, 9),
  ): Promise<readonly number[][]> =>
    expectSameRows(
      `type: "DetectionOutput" bottom: "a" bottom: "b" bottom: "c" top: "y" detection_output_param { num_classes: 4 nms_param { ${more} } ${fields} }`,
      [
        [[images, PRIORS * 4 * kinds], noise(images * PRIORS * 4 * kinds, 3)],
        [[images, PRIORS * 4], scores],
        [[1, 2, PRIORS * 4], priors],
      ],
    );

  test.each(["CORNER", "CENTER_SIZE", "CORNER_SIZE"])("decodes %s", async (code) => {
    const rows = await find(2, 1, `code_type: ${code} confidence_threshold: 0.2`);
    expect(rows.length).toBeGreaterThan(20);
  });

  test("keeps the best of each image, whatever their classes", async () => {
    const rows = await find(3, 1, "code_type: CENTER_SIZE keep_top_k: 7");
    expect(rows.map(([image]) => image)).toEqual(
      [0, 1, 2].flatMap((n) => Array<number>(7).fill(n)),
    );
  });

  test("looks at the best of each class alone", async () => {
    const rows = await find(2, 1, "keep_top_k: 50", "nms_threshold: 0.9 top_k: 5");
    expect(rows).toHaveLength(2 * 3 * 5);
  });

  test("has boxes for each class", async () => {
    await find(2, 4, "share_location: false confidence_threshold: 0.1 keep_top_k: 20");
    await find(
      1,
      4,
      "share_location: false background_label_id: -1 variance_encoded_in_target: true",
    );
  });

  test("counts the last pixel of boxes of pixels", async () => {
    await find(1, 1, "normalized_bbox: false code_type: CENTER_SIZE");
  });

  test("gives a row of −1 for each image where it finds nothing", async () => {
    const rows = await find(2, 1, "confidence_threshold: 5 keep_top_k: 3");
    expect(rows.map(([image, label]) => [image, label])).toEqual([
      [0, -1],
      [1, -1],
    ]);
  });
});

test("Proposal: regions of each image, the best first, where many overlap", async () => {
  const [height, width, anchors] = [6, 8, 9];
  const size = height * width;
  const rows = await expectSameRows(
    'type: "Proposal" bottom: "a" bottom: "b" bottom: "c" top: "y" top: "z" proposal_param { pre_nms_topn: 200 post_nms_topn: 40 min_size: 8 }',
    [
      [[2, 2 * anchors, height, width], noise(4 * anchors * size, 1)],
      [[2, 4 * anchors, height, width], noise(8 * anchors * size, 2).map((v) => v / 2)],
      [
        [2, 3],
        [96, 128, 1, 80, 100, 2],
      ],
    ],
  );
  expect(rows.filter(([image]) => image === 1).length).toBeGreaterThan(5);
});

describe("regions", () => {
  const regions = Array.from({ length: 12 }, (_, r) => {
    const [x = 0, y = 0, w = 0, h = 0] = noise(4, 70 + r).map((v) => 40 + 40 * v);
    return [r % 3 === 2 ? 1 : 0, x, y, x + w, y + h];
  }).flat();

  test.each([
    ["ROIPooling", "roi_pooling_param { pooled_h: 3 pooled_w: 4 spatial_scale: 0.125 }", 8],
    [
      "ROIAlign",
      "roi_pooling_param { pooled_h: 3 pooled_w: 2 spatial_scale: 0.125 pad_ratio: 0.1 }",
      8,
    ],
    [
      "PSROIPooling",
      "psroi_pooling_param { output_dim: 2 group_size: 3 spatial_scale: 0.125 }",
      18,
    ],
  ] as const)("%s", async (type, fields, channels) => {
    await expectSameRows(`type: "${type}" bottom: "a" bottom: "b" top: "y" ${fields}`, [
      [[2, channels, 11, 14], noise(2 * channels * 11 * 14, 8)],
      [[12, 5], regions],
    ]);
  });
});

describe("YOLO", () => {
  const biases = [1, 2, 2, 1, 3, 3].map((bias) => `biases: ${bias}`).join(" ");

  test("version 2, of two maps and two images", async () => {
    const rows = await expectSameRows(
      `type: "YoloDetectionOutput" bottom: "a" bottom: "b" top: "y" yolo_detection_output_param { num_classes: 4 num_box: 3 ${biases} confidence_threshold: 0.2 }`,
      [
        [[2, 27, 5, 6], noise(2 * 27 * 30, 1).map((v) => 3 * v)],
        [[2, 27, 3, 3], noise(2 * 27 * 9, 2).map((v) => 3 * v)],
      ],
    );
    expect(rows.length).toBeGreaterThan(5);
  });

  test.each([
    [5, ""],
    [9, "gaussian_box: true"],
  ])("version 3, boxes of %i numbers", async (numbers, more) => {
    const channels = 2 * (numbers + 4);
    const rows = await expectSameRows(
      `type: "Yolov3DetectionOutput" bottom: "a" bottom: "b" top: "y" yolov3_detection_output_param { num_classes: 4 num_box: 2 mask: 0 mask: 1 mask: 1 mask: 2 anchors_scale: 2 anchors_scale: 1 ${biases} confidence_threshold: 0.2 ${more} }`,
      [
        [[1, channels, 4, 6], noise(channels * 24, 1).map((v) => 2 * v)],
        [[1, channels, 8, 8], noise(channels * 64, 2).map((v) => 2 * v)],
      ],
    );
    expect(rows.length).toBeGreaterThan(5);
  });

  test("nothing above the threshold", async () => {
    const rows = await expectSameRows(
      `type: "YoloDetectionOutput" bottom: "a" top: "y" yolo_detection_output_param { num_classes: 4 num_box: 3 ${biases} confidence_threshold: 1 }`,
      [[[2, 27, 2, 2], noise(2 * 27 * 4, 1)]],
    );
    expect(rows.map(([image, label]) => [image, label])).toEqual([
      [0, -1],
      [1, -1],
    ]);
  });
});
