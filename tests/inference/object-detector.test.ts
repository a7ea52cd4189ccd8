import { describe, expect, test } from "vitest";
import type { FloatImage } from "../../src/float-images/float-image.ts";
import { ObjectDetector, type ObjectDetectorOptions } from "../../src/inference/object-detector.ts";
import type { NetParameter } from "../../src/io/proto/caffe.ts";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";

/** A grey picture, dark but for rectangles [top, left, bottom, right] that have a brightness. */
function picture(
  height: number,
  width: number,
  ...bright: readonly (readonly [number, number, number, number, number])[]
): FloatImage {
  const data = new Float32Array(height * width);
  for (const [top, left, bottom, right, value] of bright) {
    for (let y = top; y < bottom; y++) data.fill(value, y * width + left, y * width + right);
  }
  return { shape: [height, width, 1], data };
}

/** A detector of a net whose blobs hold these numbers. */
function detectorOf(
  text: string,
  params: Readonly<Record<string, readonly (readonly number[])[]>>,
  options: ObjectDetectorOptions = {},
): ObjectDetector {
  const detector = new ObjectDetector(parsePrototxt("NetParameter", text), {
    rawScale: 1,
    ...options,
  });
  for (const [name, blobs] of Object.entries(params)) {
    blobs.forEach((values, i) => {
      detector.net.params.get(name)?.[i]?.data.set(values);
    });
  }
  return detector;
}

const rounded = (found: readonly { label: number; score: number; box: object }[]): unknown[] =>
  found.map(({ label, score, box }) => [
    label,
    Number(score.toFixed(4)),
    ...Object.values(box).map((edge: number) => Number(edge.toFixed(3))),
  ]);

const input = (channels: number, size: number): string =>
  `layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: ${channels} dim: ${size} dim: ${size} } } }`;

/** Four cells of 4×4; a cell's score is its brightness, its box 4×4 as well, moved by half a prior's width where `shift`. */
const SSD = `${input(1, 8)}
  layer { name: "cell" type: "Pooling" bottom: "data" top: "cell" pooling_param { pool: AVE kernel_size: 4 stride: 4 } }
  layer { name: "conf" type: "Convolution" bottom: "cell" top: "conf" convolution_param { num_output: 2 kernel_size: 1 } }
  layer { name: "confs" type: "Permute" bottom: "conf" top: "confs" permute_param { order: 0 order: 2 order: 3 order: 1 } }
  layer { name: "flat" type: "Flatten" bottom: "confs" top: "flat" }
  layer { name: "loc" type: "Convolution" bottom: "cell" top: "loc" convolution_param { num_output: 4 kernel_size: 1 } }
  layer { name: "locs" type: "Permute" bottom: "loc" top: "locs" permute_param { order: 0 order: 2 order: 3 order: 1 } }
  layer { name: "flatLoc" type: "Flatten" bottom: "locs" top: "flatLoc" }
  layer { name: "prior" type: "PriorBox" bottom: "cell" bottom: "data" top: "prior" prior_box_param { min_size: 4 } }
  layer { name: "found" type: "DetectionOutput" bottom: "flatLoc" bottom: "flat" bottom: "prior" top: "found"
    detection_output_param { num_classes: 2 code_type: CENTER_SIZE confidence_threshold: 0.01 } }`;
const ssdParams = {
  conf: [
    [-1, 1],
    [1, 0],
  ],
  // 0.1 (the variance) · 5 · 4 pixels: two pixels to the right.
  loc: [
    [0, 0, 0, 0],
    [5, 0, 0, 0],
  ],
};

describe("SSD", () => {
  test("boxes come in pixels of the picture, whatever its size is, the best first", async () => {
    using detector = detectorOf(SSD, ssdParams, { names: ["spot"] });
    const one = picture(8, 8, [0, 0, 4, 4, 0.75], [4, 4, 8, 8, 1]);
    expect(await detector.detect(one)).toEqual([
      { label: 1, name: "spot", score: 1, box: { xmin: 6, ymin: 4, xmax: 8, ymax: 8 } },
      { label: 1, name: "spot", score: 0.75, box: { xmin: 2, ymin: 0, xmax: 6, ymax: 4 } },
    ]);
    // Twice as high and three times as wide: so are the boxes.
    const large = picture(16, 24, [0, 0, 8, 12, 0.75], [8, 12, 16, 24, 1]);
    expect(rounded(await detector.detect(large))).toEqual([
      [1, 1, 18, 8, 24, 16],
      [1, 0.75, 6, 0, 18, 8],
    ]);
  });

  test("a picture that is to fit is laid into the middle, and its boxes come back out of it", async () => {
    using detector = detectorOf(SSD, ssdParams, { resize: "fit" });
    // 4×8 of the 8×8: two rows above it. Cells overlap its rows by half.
    expect(rounded(await detector.detect(picture(4, 8, [0, 0, 4, 4, 1])))).toEqual([
      [1, 0.5, 2, 0, 6, 2],
      [1, 0.5, 2, 2, 6, 4],
    ]);
  });

  test("a picture as it is, and one by its shorter side", async () => {
    using asItIs = detectorOf(SSD, ssdParams, { resize: "none" });
    expect(rounded(await asItIs.detect(picture(8, 12, [4, 8, 8, 12, 1])))).toEqual([
      [1, 1, 10, 4, 12, 8],
    ]);
    using short = detectorOf(SSD, ssdParams, { resize: "short", shorterSide: 8, longerSide: 12 });
    expect(short.batch).toBe(1);
    expect(rounded(await short.detect(picture(16, 24, [8, 16, 16, 24, 1])))).toEqual([
      [1, 1, 20, 8, 24, 16],
    ]);
    // 8 × 32 pixels would be too long: 3 × 12.
    expect(short.net.blob("data").shape).toEqual([1, 1, 8, 12]);
    await short.detect(picture(8, 32, [0, 0, 8, 8, 1])).catch(() => {});
    expect(short.net.blob("data").shape).toEqual([1, 1, 3, 12]);
  });

  test("several pictures run together, and each has its own boxes", async () => {
    const pictures = [
      picture(8, 8, [0, 0, 4, 4, 1]),
      picture(8, 8),
      picture(8, 8, [4, 0, 8, 4, 0.6], [0, 4, 4, 8, 0.4]),
    ];
    const wanted = [[[1, 1, 2, 0, 6, 4]], [], [[1, 0.6, 2, 4, 6, 8]]];
    for (const batch of [1, 2, 3, 5]) {
      using detector = detectorOf(SSD, ssdParams, { batch });
      expect(detector.batch).toBe(batch);
      expect((await detector.detectAll(pictures)).map(rounded)).toEqual(wanted);
    }
    using detector = detectorOf(SSD, ssdParams, { threshold: 0.3, most: 1 });
    expect(detector.batch).toBe(2);
    expect((await detector.detectAll(pictures)).map(rounded)).toEqual(wanted);
    expect(await detector.detectAll([])).toEqual([]);
  });

  test("mean, scale and size of the file's transform_param count, and options before them", async () => {
    const param = parsePrototxt("NetParameter", SSD);
    const told: NetParameter = {
      ...param,
      layer: (param.layer ?? []).map((layer) => ({
        ...layer,
        ...(layer.type === "DetectionOutput" && {
          transform_param: {
            mean_value: [51],
            scale: 0.01,
            resize_param: [{ resize_mode: "FIT_LARGE_SIZE_AND_PAD", height: 8, width: 8 }],
          },
        }),
      })),
    };
    using detector = new ObjectDetector(told);
    expect(detector.preparation).toEqual({
      rawScale: 255,
      mean: [51],
      inputScale: 0.01,
      resize: "fit",
    });
    await detector.detect(picture(8, 8, [0, 0, 8, 8, 1]));
    expect(detector.net.blob("data").values()[0]).toBeCloseTo(2.04);
    using other = new ObjectDetector(told, {
      mean: [0],
      resize: "warp",
    });
    expect(other.preparation).toMatchObject({ mean: [0], resize: "warp" });
  });

  test("one mean is that of every channel", async () => {
    const colour = SSD.replace("dim: 2 dim: 1 dim: 8", "dim: 2 dim: 3 dim: 8");
    const params = { ...ssdParams, conf: [[-1, -1, -1, 1, 1, 1], ssdParams.conf[1] as number[]] };
    const moved = { ...params, loc: [Array(12).fill(0), ssdParams.loc[1] as number[]] };
    const one = picture(8, 8, [0, 0, 4, 4, 0.75]);
    const shape = [8, 8, 3] as const;
    const grey = {
      shape,
      data: Float32Array.from({ length: 192 }, (_, i) => one.data[Math.floor(i / 3)] ?? 0),
    };
    const found = async (mean: readonly number[]): Promise<unknown[]> => {
      using detector = detectorOf(colour, moved, { mean });
      return rounded(await detector.detect(grey));
    };
    expect(await found([0.25])).toEqual(await found([0.25, 0.25, 0.25]));
    expect(await found([0.25])).not.toEqual(await found([0]));
  });

  test("a file that tests serves as well: pictures in place of its data, no evaluation, nothing written", async () => {
    const testing = `${SSD.replace(
      /layer \{ name: "data".*/,
      `layer { name: "data" type: "AnnotatedData" top: "data" top: "label" include { phase: TEST }
         transform_param { mean_value: 0 scale: 0.00392156862745098 force_gray: true resize_param { prob: 1 resize_mode: WARP height: 8 width: 8 } }
         data_param { source: "nowhere" batch_size: 1 } annotated_data_param { label_map_file: "nowhere.prototxt" } }`,
    ).replace(
      "confidence_threshold: 0.01",
      'confidence_threshold: 0.01 save_output_param { output_directory: "nowhere" }',
    )}
      layer { name: "eval" type: "DetectionEvaluate" bottom: "found" bottom: "label" top: "eval" detection_evaluate_param { num_classes: 2 } }`;
    using detector = detectorOf(testing, ssdParams, { rawScale: 255 });
    expect(detector.preparation).toMatchObject({ mean: [0] });
    expect(detector.net.layerNames).not.toContain("eval");
    expect(rounded(await detector.detect(picture(8, 8, [4, 4, 8, 8, 1])))).toEqual([
      [1, 1, 6, 4, 8, 8],
    ]);
    const unsized = testing.replace(/resize_param.*\}/, "}");
    expect(() => detectorOf(unsized, {})).toThrow(
      /layer "data" \(AnnotatedData\) reads pictures, and nothing says which size/,
    );
    using sized = detectorOf(unsized, {}, { inputSize: [8, 16] });
    expect(sized.inputShape).toEqual([1, 1, 8, 16]);
  });

  test("boxes of NaN, and those outside of the picture, are left out", async () => {
    using nowhere = detectorOf(SSD, {
      ...ssdParams,
      loc: [
        [0, 0, 0, 0],
        [1000, 0, 0, 0],
      ],
    });
    expect(await nowhere.detect(picture(8, 8, [0, 0, 8, 8, 1]))).toEqual([]);
    using nan = detectorOf(SSD, {
      ...ssdParams,
      loc: [
        [0, 0, 0, 0],
        [Number.NaN, 0, 0, 0],
      ],
    });
    expect(await nan.detect(picture(8, 8, [0, 0, 8, 8, 1]))).toEqual([]);
    using noScore = detectorOf(SSD, {
      ...ssdParams,
      conf: [
        [0, 0],
        [0, Number.NaN],
      ],
    });
    expect(await noScore.detect(picture(8, 8, [0, 0, 8, 8, 1]))).toEqual([]);
  });
});

describe("YOLO", () => {
  const anchors = "biases: 1 biases: 2";
  const v2 = `${input(1, 2)}
    layer { name: "map" type: "Convolution" bottom: "data" top: "map" convolution_param { num_output: 7 kernel_size: 1 } }
    layer { name: "found" type: "YoloDetectionOutput" bottom: "map" top: "found"
      yolo_detection_output_param { num_classes: 2 num_box: 1 ${anchors} confidence_threshold: 0.01 } }`;
  const v3 = v2.replace(
    /type: "YoloDetectionOutput"[\s\S]*$/,
    `type: "Yolov3DetectionOutput" bottom: "map" top: "found"
      yolov3_detection_output_param { num_classes: 2 num_box: 1 biases: 16 biases: 32 mask: 0 mask_group_num: 1 anchors_scale: 16 } }`,
  );
  const log = Math.log;

  test("v2: the middle by σ, sizes by the anchor, score σ(object) · softmax", async () => {
    // Of a bright pixel the object's number is ln 3, of a dark one −10; classes are 1 : 3.
    using detector = detectorOf(v2, {
      map: [
        [0, 0, 0, 0, log(3) + 10, 0, 0],
        [0, 0, 0, -log(2), -10, 0, log(3)],
      ],
    });
    expect(detector.batch).toBe(1);
    // Cell (0, 1) of 2×2, in a picture of 40×40: middle (30, 10), 1 cell wide, 2/2 cells high.
    const bright = picture(40, 40, [0, 20, 20, 40, 1]);
    expect(rounded(await detector.detect(bright))).toEqual([[2, 0.5625, 20, 0, 40, 20]]);
    const both = await detector.detectAll([bright, picture(2, 2), bright]);
    expect(both.map((found) => found.length)).toEqual([1, 0, 1]);
  });

  const head = (type: string, param: string): string =>
    v2
      .replace(
        /layer \{ name: "data".*/,
        `layer { name: "d" type: "AnnotatedData" top: "data" top: "label" transform_param { mean_value: 0 force_gray: true crop_size: 2 } data_param { source: "nowhere" } }`,
      )
      .replace(
        /layer \{ name: "found"[\s\S]*$/,
        `layer { name: "found" type: "${type}" bottom: "map" bottom: "label" top: "found" ${param} }`,
      );

  test.each([
    [
      "EvalDetection",
      `eval_detection_param { side: 2 num_class: 2 num_object: 1 ${anchors} }`,
      "YoloDetectionOutput",
    ],
    ["RegionLoss", `region_loss_param { num_class: 2 num: 1 ${anchors} }`, "YoloDetectionOutput"],
    [
      "Yolov3",
      "yolov3_param { num_class: 2 biases: 16 biases: 32 mask: 0 anchors_scale: 16 }",
      "Yolov3DetectionOutput",
    ],
  ])(
    "a file that ends in %s finds the boxes of one that ends in the layer of boxes",
    async (type, param, output) => {
      const lines: string[] = [];
      const params = {
        map: [
          [0, 0, 0, 0, log(3) + 10, 0, 0],
          [0, 0, 0, -log(2), -10, 0, log(3)],
        ],
      };
      using detector = detectorOf(head(type, param), params, {
        threshold: 0.3,
        log: (severity, _source, message) => severity === "warning" && lines.push(message),
      });
      using wanted = detectorOf(type === "Yolov3" ? v3 : v2, params, { threshold: 0.3 });
      const bright = picture(40, 40, [0, 20, 20, 40, 1]);
      const found = await detector.detect(bright);
      expect(found).toEqual(await wanted.detect(bright));
      expect(found.length).toBeGreaterThan(0);
      expect(lines).toContain(
        `${type} "found" needs labels: ${output} with its numbers takes its place.`,
      );
    },
  );

  test("v3: every class by σ, anchors in pixels", async () => {
    using detector = detectorOf(
      v3,
      {
        map: [
          [0, 0, 0, 0, log(9) + 10, 0, 0],
          [0, 0, 0, -log(2), -10, -10, log(9)],
        ],
      },
      { names: new Map([[2, "dog"]]) },
    );
    const [dog, ...others] = await detector.detect(picture(40, 40, [20, 0, 40, 20, 1]));
    expect(others).toEqual([]);
    expect(dog?.name).toBe("dog");
    // Middle (10, 30); 16 of 32 pixels wide, 32/2 of 32 high.
    expect(rounded(dog ? [dog] : [])).toEqual([[2, 0.81, 0, 20, 20, 40]]);
  });
});

describe("R-CNN", () => {
  /** Two regions of fixed places; scores and corrections by what lies there: none of them depends on the picture. */
  const heads = `
    layer { name: "pool" type: "ROIPooling" bottom: "data" bottom: "rois" top: "pool" roi_pooling_param { pooled_h: 1 pooled_w: 1 spatial_scale: 1 } }
    layer { name: "score" type: "InnerProduct" bottom: "pool" top: "score" inner_product_param { num_output: 3 } }
    layer { name: "cls_prob" type: "Softmax" bottom: "score" top: "cls_prob" }
    layer { name: "bbox_pred" type: "InnerProduct" bottom: "pool" top: "bbox_pred" inner_product_param { num_output: 12 } }`;
  const shape = (name: string, dims: readonly number[]): string =>
    `layer { name: "${name}" type: "Input" top: "${name}" input_param { shape { ${dims.map((dim) => `dim: ${dim}`).join(" ")} } } }`;
  const fast = input(1, 8) + shape("rois", [1, 5]) + heads;
  const params = {
    score: [
      [0, 20, 0],
      [10, 0, 0],
    ],
    bbox_pred: [
      Array.from({ length: 12 }, () => 0),
      // Class 1: half a width to the right, twice as high.
      [0, 0, 0, 0, 0.5, 0, 0, Math.log(2), 0, 0, 0, 0],
    ],
  };
  const options: ObjectDetectorOptions = { shorterSide: 20, longerSide: 40, mean: [0] };
  const region = { xmin: 2, ymin: 2, xmax: 5, ymax: 5 };

  test("regions that are given are scored, moved per class, and clipped to the picture", async () => {
    using detector = detectorOf(fast, params, options);
    expect(detector.wantsRegions).toBe(true);
    const image = picture(10, 10, [0, 0, 10, 10, 1]);
    const [found, ...others] = await detector.detect({ image, regions: [region] });
    expect(others).toEqual([]);
    expect(found?.score).toBeCloseTo(1 / (1 + 2 * Math.exp(-10)), 3);
    // 4×4 pixels around (4, 4): the middle moves by 2 to 6, the height becomes 8: rows 0 to 8.
    expect(Object.values(found?.box ?? {})).toBeAllClose([4, 0, 8, 8]);
    // The net saw the picture at twice its size.
    expect(detector.net.blob("data").shape).toEqual([1, 1, 20, 20]);
    expect([...detector.net.blob("rois").values()]).toEqual([0, 4, 4, 10, 10]);
    expect(await detector.detect({ image, regions: [] })).toEqual([]);
  });

  test("of boxes of a class that overlap the best is kept; corrections may be of normalised targets", async () => {
    const regions = [region, { ...region, xmax: 6 }, { xmin: 0, ymin: 7, xmax: 2, ymax: 9 }];
    const image = picture(10, 10, [0, 0, 10, 10, 1]);
    using one = detectorOf(fast, params, options);
    expect(await one.detect({ image, regions })).toHaveLength(2);
    using all = detectorOf(fast, params, { ...options, overlap: 1 });
    expect(await all.detect({ image, regions })).toHaveLength(3);
    using still = detectorOf(fast, params, {
      ...options,
      boxStds: [0, 0, 0, 0],
      boxMeans: [0.25, 0, 0, 0],
    });
    const [moved] = await still.detect({ image, regions: [region] });
    expect(moved?.box).toEqual({ xmin: 3, ymin: 2, xmax: 7, ymax: 6 });
  });

  test("a net that proposes regions itself is told the picture's size and scale", async () => {
    // A cell is 16 × 16 pixels; every anchor has the same score.
    const faster = `${shape("data", [1, 1, 32, 32])}${shape("im_info", [1, 3])}
      layer { name: "cell" type: "Pooling" bottom: "data" top: "cell" pooling_param { pool: AVE kernel_size: 16 stride: 16 } }
      layer { name: "rpn" type: "Convolution" bottom: "cell" top: "rpn" convolution_param { num_output: 6 kernel_size: 1 } }
      layer { name: "deltas" type: "Convolution" bottom: "cell" top: "deltas" convolution_param { num_output: 12 kernel_size: 1 } }
      layer { name: "proposal" type: "Python" bottom: "rpn" bottom: "deltas" bottom: "im_info" top: "rois"
        python_param { module: "rpn.proposal_layer" layer: "ProposalLayer" param_str: "'feat_stride': 16\\n'scales': [2]" } }
      ${heads}`;
    const unmoved = { score: params.score };
    using detector = detectorOf(faster, unmoved, {
      shorterSide: 64,
      longerSide: 64,
      mean: [0],
      overlap: 1,
      most: 1000,
    });
    expect(detector.wantsRegions).toBe(false);
    const found = await detector.detect(picture(32, 32, [0, 0, 32, 32, 1]));
    expect([...detector.net.blob("im_info").values()]).toEqual([64, 64, 2]);
    const rois = detector.net.blob("rois");
    expect(found.length).toBe(rois.shape[0]);
    expect(found.length).toBe(4);
    // At half of where the net saw them, the last pixel counted twice as py-faster-rcnn does; 31 is the picture's last.
    const values = [...rois.values()];
    const wanted = found.flatMap((_, i) => {
      const [x0, y0, x1, y1] = values.slice(5 * i + 1, 5 * i + 5).map((edge) => edge / 2) as [
        number,
        number,
        number,
        number,
      ];
      return [x0, y0, Math.min(x1 + 1, 31), Math.min(y1 + 1, 31)];
    });
    expect(found.flatMap(({ box }) => Object.values(box))).toBeAllClose(wanted);
    await expect(detector.detect({ image: picture(16, 16), regions: [region] })).rejects.toThrow(
      "takes no regions",
    );
  });

  const constant = (name: string, dims: readonly number[]): string =>
    `layer { name: "${name}" type: "Parameter" top: "${name}" parameter_param { shape { ${dims.map((dim) => `dim: ${dim}`).join(" ")} } } }`;
  const unseen = `${input(1, 8)} layer { name: "quiet" type: "Silence" bottom: "data" }`;

  test("Cascade R-CNN's last stage tells: boxes that are corrected already, scores of all stages", async () => {
    const cascade = `${unseen}
      ${["1st", "3rd"].map((stage) => constant(`output_bbox_${stage}`, [2, 5]) + constant(`cls_prob_${stage}`, [2, 2])).join("")}
      ${constant("cls_prob_3rd_avg", [2, 2])}`;
    const blobs = {
      output_bbox_3rd: [[0, 1, 2, 3, 4, 0, 5, 5, 30, 6]],
      cls_prob_3rd_avg: [[0.1, 0.9, 0.4, 0.6]],
    };
    using detector = detectorOf(cascade, blobs, { mean: [0], resize: "none" });
    expect(rounded(await detector.detect(picture(10, 10)))).toEqual([
      [1, 0.9, 1, 2, 3, 4],
      [1, 0.6, 5, 5, 9, 6],
    ]);
  });

  test("MS-CNN's scores are no shares yet, and its corrections are normalised", async () => {
    const mscnn = `${unseen} ${constant("proposals", [1, 5])} layer { name: "q" type: "Silence" bottom: "proposals" }
      ${constant("proposals_score", [1, 6])} ${constant("cls_pred", [1, 2])} ${constant("bbox_pred", [1, 8])}`;
    const blobs = {
      proposals: [[0, 2, 2, 5, 5]],
      cls_pred: [[1, 1 + Math.log(3)]],
      bbox_pred: [[0, 0, 0, 0, 5, 0, 0, 5 * Math.log(2)]],
    };
    using detector = detectorOf(mscnn, blobs, { mean: [0] });
    // As Fast R-CNN's above: 5 · 0.1 widths to the right, twice as high; 1 : 3.
    expect(rounded(await detector.detect(picture(8, 8)))).toEqual([[1, 0.75, 4, 0, 7, 7]]);
    expect(detector.preparation).toMatchObject({ mean: [0] });
    using coloured = new ObjectDetector(
      parsePrototxt("NetParameter", mscnn.replace("dim: 1 dim: 8", "dim: 3 dim: 8")),
    );
    expect(coloured.preparation).toEqual({
      rawScale: 255,
      channelSwap: [2, 1, 0],
      mean: [104, 117, 123],
    });
  });

  test("the means of R-CNN's nets count where nothing else is said", () => {
    const coloured = fast.replace("dim: 1 dim: 8", "dim: 3 dim: 8");
    using detector = new ObjectDetector(parsePrototxt("NetParameter", coloured));
    expect(detector.preparation).toMatchObject({
      resize: "short",
      mean: [102.9801, 115.9465, 122.7717],
      channelSwap: [2, 1, 0],
    });
  });
});

describe("what does not fit is refused", () => {
  const said = (text: string, options: ObjectDetectorOptions = {}): string => {
    try {
      new ObjectDetector(parsePrototxt("NetParameter", text), options).close();
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };

  test("nets", () => {
    expect(said(input(1, 8))).toMatch(
      /ends in data\. Expected a layer of detections .*caffe classify/,
    );
    expect(
      said('layer { name: "d" type: "DummyData" top: "d" dummy_data_param { shape { dim: 1 } } }'),
    ).toMatch(/reads its data itself\. Expected a deploy net, with an Input layer/);
    expect(said(input(1, 8).replace("dim: 1 dim: 8 dim: 8", "dim: 1024 dim: 8 dim: 8"))).toMatch(
      /has shape 2×1024×8×8\. Expected pictures, .* needs that one in front of it/,
    );
    expect(said(input(1, 8).replace("dim: 1 dim: 8 dim: 8", "dim: 64"))).toMatch(
      /has shape 2×64\. Expected pictures/,
    );
    expect(said(`${SSD}${input(1, 4).replaceAll('"data"', '"more"')}`)).toMatch(
      /has the inputs data, more\. Expected one of pictures/,
    );
  });

  test("options", () => {
    expect(said(SSD, { names: ["a", "b", "c"] })).toMatch(
      /3 names of classes for a net of 2 labels\. Expected 2, the background's first, or 1/,
    );
    expect(said(SSD, { resize: "stretch" as "warp" })).toMatch(/resize .* "warp" or "fit" or/);
    expect(said(SSD, { inputSize: [0, 8] })).toMatch(/inputSize .* Expected \[height, width\]/);
    expect(said(SSD, { resize: "short", shorterSide: 10, longerSide: 5 })).toMatch(
      /shorterSide is 10 and longerSide 5/,
    );
    expect(said(SSD, { mean: [1, 2] })).toMatch(/mean has 2 channels/);
    expect(said(SSD, { overlap: 2 })).toMatch(/a number from 0 to 1/);
  });

  test("pictures", async () => {
    using detector = detectorOf(SSD, ssdParams);
    await expect(detector.detect("nowhere.png")).rejects.toThrow("nowhere.png");
    await expect(detector.detect({ shape: [1, 1], data: [] } as never)).rejects.toThrow(
      "Expected H×W×K",
    );
    await expect(detector.detect({ shape: [2, 2, 3], data: new Float32Array(12) })).rejects.toThrow(
      "has 3 channels, and the input 1",
    );
  });
});
