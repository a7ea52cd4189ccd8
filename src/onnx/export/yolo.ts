import { type Axis, fixed } from "../graph/axes.ts";
import { asFloat, line, reduce, slice, softmax, split, TO_END } from "../graph/operators.ts";
import type { Site, Translation } from "./site.ts";
import { below, columnOf, detections, listOf, suppress } from "./suppression.ts";

/** What a map of a YOLO net says of its boxes, N×B×1×(H·W) each, and of their classes, N×B×C×(H·W). */
interface Predictions {
  readonly numbers: readonly string[];
  readonly classes: string;
  readonly axes: readonly Axis[];
  /** Column and row of each place. */
  readonly columns: string;
  readonly rows: string;
  readonly width: number;
  readonly height: number;
}

/** Boxes of one map: middles and sizes, labels and scores, each a list of N·B·H·W. */
interface Found {
  readonly box: readonly string[];
  readonly label: string;
  readonly score: string;
}

function predictionsOf(
  at: Site,
  index: number,
  boxes: number,
  count: number,
  classes: number,
): Predictions {
  const { graph: g, bottoms } = at;
  const { value, axes } = bottoms[index]!;
  const [n = 1, , h = 1, w = 1] = axes;
  const [height, width] = [fixed(h), fixed(w)];
  const places = height * width;
  const all = at.reshape(value, axes, [n, boxes, count + classes, places]);
  const place = (of: (i: number) => number): string =>
    g.floats(
      Array.from({ length: places }, (_, i) => of(i)),
      [1, 1, 1, places],
    );
  return {
    numbers: split(
      g,
      slice(g, all, [2], [0], [count]),
      2,
      Array.from({ length: count }, () => 1),
    ),
    classes: slice(g, all, [2], [count], [TO_END]),
    axes: [n, boxes, 1, places],
    columns: place((i) => i % width),
    rows: place((i) => Math.floor(i / width)),
    width,
    height,
  };
}

/** (place + σ(x)) / length, and eʷ · anchor / size. */
function boxOf(
  at: Site,
  { numbers, columns, rows, width, height }: Predictions,
  anchors: readonly (readonly [number, number])[],
  size: readonly [number, number],
  apart: number,
): readonly string[] {
  const g = at.graph;
  const middle = (i: number, place: string, length: number): string =>
    line(g, g.op("Add", [g.op("Sigmoid", [numbers[i]!]), place]), 1 / length, 0);
  const extent = (i: number, side: 0 | 1): string =>
    g.op("Mul", [
      g.op("Exp", [numbers[i]!]),
      g.floats(
        anchors.map((anchor) => anchor[side] / size[side]),
        [1, anchors.length, 1, 1],
      ),
    ]);
  return [
    middle(0, columns, width),
    middle(apart, rows, height),
    extent(2 * apart, 0),
    extent(3 * apart, 1),
  ];
}

/** The greatest of the classes' scores, and which it is. */
function bestClass(at: Site, scores: string): { readonly score: string; readonly label: string } {
  const g = at.graph;
  return {
    score: reduce(g, "ReduceMax", scores, [2]),
    label: asFloat(g, g.op("ArgMax", [scores], { axis: 2, keepdims: 1 })),
  };
}

/** The best of all boxes, whatever their maps, classes and images, as rows of detections. */
function rowsOf(at: Site, found: readonly Found[], overlap: number, least: number): string {
  const g = at.graph;
  const join = (lists: readonly string[]): string =>
    lists.length === 1 ? lists[0]! : g.op("Concat", lists, { axis: 0 });
  const all = (of: (one: Found) => string): string => join(found.map((one) => listOf(g, of(one))));
  const [x = "", y = "", w = "", h = ""] = [0, 1, 2, 3].map((i) => all(({ box }) => box[i]!));
  const [score, label] = [all((one) => one.score), all((one) => one.label)];
  const [halfWidth, halfHeight] = [line(g, w, 0.5, 0), line(g, h, 0.5, 0)];
  const edges = [
    g.op("Sub", [x, halfWidth]),
    g.op("Sub", [y, halfHeight]),
    g.op("Add", [x, halfWidth]),
    g.op("Add", [y, halfHeight]),
  ].map((edge) => columnOf(g, edge));
  const boxes = g.op("Concat", edges, { axis: 1 });
  const { box } = suppress(
    g,
    g.op("Reshape", [boxes, g.ints([1, -1, 4])]),
    g.op("Reshape", [score, g.ints([1, 1, -1])]),
    // As many as there are.
    { overlap: below(overlap), least, most: g.ints([2 ** 31 - 1]) },
  );
  const kept = (list: string): string => columnOf(g, g.op("Gather", [list, box], { axis: 0 }));
  const labels = line(g, kept(label), 1, 1);
  const parts = [line(g, labels, 0, 0), labels, kept(score), g.op("Gather", [boxes, box])];
  return detections(at, g.op("Concat", parts, { axis: 1 }), at.x.axes[0] as Axis);
}

const yolo2: Translation = (at) => {
  const { graph: g, param, bottoms } = at;
  const {
    num_classes: classes = 0,
    num_box: count = 5,
    biases = [],
    confidence_threshold = 0.01,
    nms_threshold = 0.45,
  } = param.yolo_detection_output_param ?? {};
  const anchors = Array.from(
    { length: count },
    (_, i) => [biases[2 * i]!, biases[2 * i + 1]!] as const,
  );
  const found = bottoms.map((_, i): Found => {
    const predictions = predictionsOf(at, i, count, 5, classes);
    const { score, label } = bestClass(at, softmax(g, predictions.classes, 2, 4));
    const object = g.op("Sigmoid", [predictions.numbers[4]!]);
    return {
      box: boxOf(at, predictions, anchors, [predictions.width, predictions.height], 1),
      label,
      score: g.op("Mul", [object, score]),
    };
  });
  return rowsOf(at, found, nms_threshold, below(confidence_threshold));
};

const yolo3: Translation = (at) => {
  const { graph: g, param, bottoms } = at;
  const own = param.yolov3_detection_output_param ?? {};
  const { num_classes: classes = 0, num_box: count = 3, mask_group_num = 2, biases = [] } = own;
  const { mask = [], anchors_scale = [], confidence_threshold = 0.01, nms_threshold = 0.45 } = own;
  const isGaussian = own.gaussian_box === true;
  if (nms_threshold > 1) {
    at.fail(
      `nms_threshold is ${nms_threshold}, so that boxes suppress nothing. Expected 1 or less, for ONNX.`,
    );
  }
  const each = Math.floor(mask.length / mask_group_num);
  const numbers = isGaussian ? 9 : 5;
  const found = bottoms.map((_, i): Found => {
    const predictions = predictionsOf(at, i, count, numbers, classes);
    const anchors = Array.from({ length: count }, (_unused, b) => {
      const anchor = mask[i * each + b]!;
      return [biases[2 * anchor]!, biases[2 * anchor + 1]!] as const;
    });
    const sigmoids = predictions.numbers.map((number) => g.op("Sigmoid", [number]));
    let object = sigmoids[numbers - 1]!;
    if (isGaussian) {
      const unsure = [1, 3, 5, 7]
        .map((place) => sigmoids[place]!)
        .reduce((sum, one) => g.op("Add", [sum, one]));
      object = g.op("Mul", [object, line(g, unsure, -0.25, 1)]);
    }
    const { score, label } = bestClass(at, g.op("Sigmoid", [predictions.classes]));
    const pixels = anchors_scale[i]!;
    const size = [predictions.width * pixels, predictions.height * pixels] as const;
    return {
      box: boxOf(at, predictions, anchors, size, isGaussian ? 2 : 1),
      label,
      score: g.op("Mul", [object, score]),
    };
  });
  return rowsOf(at, found, nms_threshold, Math.fround(confidence_threshold));
};

/** Boxes of YOLO's maps. */
export const yolo: Readonly<Record<string, Translation>> = {
  YoloDetectionOutput: yolo2,
  Yolov3DetectionOutput: yolo3,
};
