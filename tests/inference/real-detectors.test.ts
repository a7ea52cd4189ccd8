// Detectors that others trained, on pictures of which another program's results were recorded.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { FloatImage } from "../../src/float-images/float-image.ts";
import {
  type DetectedObject,
  ObjectDetector,
  type ObjectDetectorOptions,
} from "../../src/inference/object-detector.ts";
import type { LayerParameter, NetParameter } from "../../src/io/proto/caffe.ts";
import { parsePrototxt } from "../../src/io/text/prototxt.ts";
import { readNetParameter } from "../../src/io/text/read-net.ts";
import { silent } from "../../src/util/log.ts";

const ZOO = "../shared/zoo/models";
const isThere = existsSync(join(ZOO, "yufacedetect-v1"));
const where = isThere ? "its files are there" : `skipped: no ${ZOO}`;

function floats(...path: string[]): Float32Array {
  const bytes = readFileSync(join(ZOO, ...path));
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/** The picture that a recorded input was made of: (x − mean) · scale of bytes, blue first. */
function pictureOf(
  input: Float32Array,
  [channels, height, width]: readonly [number, number, number],
  mean: readonly number[],
  scale: number,
): FloatImage {
  const data = new Float32Array(input.length);
  const plane = height * width;
  input.forEach((value, i) => {
    const [c, at] = [Math.floor(i / plane), i % plane];
    data[at * channels + channels - 1 - c] = (value / scale + (mean[c] ?? 0)) / 255;
  });
  return { shape: [height, width, channels], data };
}

function detectorOf(
  name: string,
  options: ObjectDetectorOptions,
  change: (param: NetParameter) => NetParameter = (param) => param,
): ObjectDetector {
  const param = change(readNetParameter(join(ZOO, name, "deploy.prototxt"), silent));
  const weights = join(ZOO, name, "weights.caffemodel");
  return new ObjectDetector(param, { weights, log: silent, ...options });
}

interface Recorded {
  readonly model: string;
  readonly picture: string;
  readonly shape: readonly [number, number, number];
  readonly mean: readonly number[];
  readonly scale: number;
  readonly output: string;
  readonly threshold: number;
  readonly count: number;
}

const cases: readonly Recorded[] = [
  {
    model: "yufacedetect-v1",
    picture: "faces",
    shape: [3, 144, 192],
    mean: [104, 117, 123],
    scale: 1,
    output: "detection_out",
    threshold: 0.5,
    count: 2,
  },
  {
    model: "wechat-qr-detect",
    picture: "qr",
    shape: [1, 160, 160],
    mean: [0],
    scale: 1 / 255,
    output: "detection_output",
    threshold: 0.5,
    count: 1,
  },
];

test.skipIf(!isThere).each(cases)(
  `$model finds what OpenCV found with it (${where})`,
  async ({ model, picture, shape, mean, scale, output, threshold, count }) => {
    const image = pictureOf(floats(model, `${picture}.in.bin`), shape, mean, scale);
    using detector = detectorOf(model, { resize: "none", mean, inputScale: scale, threshold });
    const found = await detector.detect(image);
    const rows = floats(model, `${picture}.${output}.out.bin`);
    const [, height, width] = shape;
    const within = (share: number, end: number): number => Math.max(0, Math.min(share * end, end));
    const wanted = Array.from({ length: rows.length / 7 }, (_, i) => [
      ...rows.subarray(7 * i, 7 * i + 7),
    ])
      .filter(([, , score = 0]) => score >= threshold)
      .sort((a, b) => (b[2] ?? 0) - (a[2] ?? 0))
      .map(([, label = 0, score = 0, x0 = 0, y0 = 0, x1 = 0, y1 = 0]) => [
        label,
        score,
        within(x0, width),
        within(y0, height),
        within(x1, width),
        within(y1, height),
      ]);
    expect(found).toHaveLength(count);
    found.forEach(({ label, score, box }, i) => {
      const { xmin, ymin, xmax, ymax } = box;
      // Bytes that were floats once differ in their last digits.
      expect([label, score, xmin, ymin, xmax, ymax]).toBeAllClose(wanted[i] ?? [], {
        rtol: 1e-3,
        atol: 1e-2,
      });
    });
  },
);

/** The sizes of faces that UltraFace looks for in its four maps, of 8, 16, 32 and 64 pixels a cell. */
const SIZES = [
  [10, 16, 24],
  [32, 48],
  [64, 96],
  [128, 192, 256],
];

/** The priors of UltraFace, which its file leaves to a program, and the layer that makes boxes. */
function withPriors({ layer = [], ...rest }: NetParameter): NetParameter {
  const maps = new Map<string, string>();
  for (const { type, top = [], bottom = [] } of layer)
    maps.set(top[0] ?? type ?? "", bottom[0] ?? "");
  // Boxes of a map go through Convolution, Permute, Reshape: the map itself is where the last of them begins.
  const parts = layer.find(({ name }) => name === "boxes")?.bottom ?? [];
  const priors = parts.flatMap((part, i): LayerParameter[] => {
    const size = SIZES[i]?.map((one) => `min_size: ${one}`).join(" ");
    const step = 8 * 2 ** i;
    const bottom = maps.get(maps.get(part) ?? "") ?? "";
    const text = `layer { name: "p${i}" type: "PriorBox" bottom: "${bottom}" bottom: "input" top: "p${i}" prior_box_param { ${size} step: ${step} variance: 0.1 variance: 0.1 variance: 0.2 variance: 0.2 } }`;
    return [...(parsePrototxt("NetParameter", text).layer ?? [])];
  });
  const last = parsePrototxt(
    "NetParameter",
    `layer { name: "p" type: "Concat" ${parts.map((_, i) => `bottom: "p${i}"`).join(" ")} top: "p" concat_param { axis: 2 } }
     layer { name: "b" type: "Flatten" bottom: "boxes" top: "b" }
     layer { name: "s" type: "Flatten" bottom: "scores" top: "s" }
     layer { name: "found" type: "DetectionOutput" bottom: "b" bottom: "s" bottom: "p" top: "found"
       detection_output_param { num_classes: 2 code_type: CENTER_SIZE confidence_threshold: 0.5 nms_param { nms_threshold: 0.3 } } }`,
  );
  return { ...rest, layer: [...layer, ...priors, ...(last.layer ?? [])] };
}

test.skipIf(!isThere).each([
  ["ultraface-rfb-320", 240, 320],
  ["ultraface-slim-320", 120, 160],
] as const)(
  `%s finds the faces once its priors are written behind it (${where})`,
  async (model, height, width) => {
    const mean = [127, 127, 127];
    const image = pictureOf(floats(model, "faces.in.bin"), [3, height, width], mean, 1 / 128);
    using detector = detectorOf(
      model,
      { mean, inputScale: 1 / 128, names: ["face"], threshold: 0.7, resize: "none" },
      withPriors,
    );
    const found = await detector.detect(image);
    // The best prior of all, decoded by hand from what OpenCV recorded.
    const [boxes, scores] = [
      floats(model, "faces.boxes.out.bin"),
      floats(model, "faces.scores.out.bin"),
    ];
    let best = 0;
    for (let p = 0; p < scores.length / 2; p++) {
      if ((scores[2 * p + 1] ?? 0) > (scores[2 * best + 1] ?? 0)) best = p;
    }
    const [face] = found as [DetectedObject];
    expect(face.score).toBeCloseTo(scores[2 * best + 1] ?? 0, 3);
    expect(Object.values(face.box)).toBeAllClose(
      decoded(best, boxes.subarray(4 * best, 4 * best + 4), height, width),
      { atol: 0.1, rtol: 1e-3 },
    );
    expect(found.length).toBeGreaterThan(1);
    for (const { name, box } of found) {
      expect(name).toBe("face");
      const ratio = (box.ymax - box.ymin) / (box.xmax - box.xmin);
      expect(ratio).toBeGreaterThan(0.8);
      expect(ratio).toBeLessThan(2);
    }
  },
);

/** Prior number p of UltraFace, moved and stretched as a prediction says, in pixels. */
function decoded(
  p: number,
  [dx = 0, dy = 0, dw = 0, dh = 0]: Float32Array,
  height: number,
  width: number,
): number[] {
  let left = p;
  for (const [i, sizes] of SIZES.entries()) {
    const step = 8 * 2 ** i;
    const [rows, columns] = [Math.ceil(height / step), Math.ceil(width / step)];
    const count = rows * columns * sizes.length;
    if (left >= count) {
      left -= count;
      continue;
    }
    const [cell, size] = [Math.floor(left / sizes.length), sizes[left % sizes.length] ?? 0];
    const x = ((cell % columns) + 0.5) * step + 0.1 * dx * size;
    const y = (Math.floor(cell / columns) + 0.5) * step + 0.1 * dy * size;
    const [w, h] = [size * Math.exp(0.2 * dw), size * Math.exp(0.2 * dh)];
    return [x - w / 2, y - h / 2, x + w / 2, y + h / 2];
  }
  return [];
}

test.skipIf(!isThere)(`a net without such a layer says what is missing (${where})`, () => {
  expect(() => detectorOf("ultraface-rfb-320", {})).toThrow(
    /ends in boxes, scores\. Expected a layer of detections/,
  );
});
