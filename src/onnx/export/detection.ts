import { withDefaults } from "../../io/proto/messages.ts";
import type { Axis } from "../graph/axes.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { lengthAlong, line, reduce, slice, split } from "../graph/operators.ts";
import type { Site, Translation } from "./site.ts";
import {
  ascending,
  columnOf,
  coordinates,
  countTo,
  detections,
  LOWEST,
  NO_SCORE,
  suppress,
} from "./suppression.ts";

/** Boxes that predictions mean, N×P×kinds×4, from priors P×4. */
function decoded(at: Site, locations: string, priors: string, count: number): string {
  const { graph: g, param } = at;
  const { code_type, variance_encoded_in_target, normalized_bbox } = withDefaults(
    "DetectionOutputParameter",
    param.detection_output_param,
  );
  const rows = at.bottoms[2]!.length(1);
  const [boxes = "", spread] = rows === 1 ? [priors] : split(g, priors, 1, [1, 1]);
  const each = (value: string): readonly string[] =>
    coordinates(g, g.op("Reshape", [value, g.ints([1, count, 1, 4])]), 4);
  const [x0 = "", y0 = "", ...ends] = each(boxes);
  const [x1 = "", y1 = ""] = normalized_bbox ? ends : ends.map((end) => line(g, end, 1, 1));
  const scaled =
    variance_encoded_in_target || spread === undefined
      ? locations
      : g.op("Mul", [locations, g.op("Reshape", [spread, g.ints([1, count, 1, 4])])]);
  const [a = "", b = "", c = "", d = ""] = coordinates(g, scaled, 4);
  const op = (type: string, one: string, other: string): string => g.op(type, [one, other]);
  const join = (...edges: readonly string[]): string => g.op("Concat", edges, { axis: 3 });
  if (code_type === "CORNER") {
    return join(op("Add", x0, a), op("Add", y0, b), op("Add", x1, c), op("Add", y1, d));
  }
  const [width, height] = [op("Sub", x1, x0), op("Sub", y1, y0)];
  if (code_type === "CORNER_SIZE") {
    const edge = (from: string, move: string, size: string): string =>
      op("Add", from, op("Mul", move, size));
    return join(edge(x0, a, width), edge(y0, b, height), edge(x1, c, width), edge(y1, d, height));
  }
  const middle = (move: string, size: string, from: string, to: string): string =>
    op("Add", op("Mul", move, size), line(g, op("Add", from, to), 0.5, 0));
  const half = (stretch: string, size: string): string =>
    line(g, op("Mul", g.op("Exp", [stretch]), size), 0.5, 0);
  const [x, y] = [middle(a, width, x0, x1), middle(b, height, y0, y1)];
  const [w, h] = [half(c, width), half(d, height)];
  return join(op("Sub", x, w), op("Sub", y, h), op("Add", x, w), op("Add", y, h));
}

/** Boxes of which those whose end lies before their start are points, which overlap nothing; where there may be such. */
function withArea(g: GraphBuilder, boxes: string, code: string): string {
  if (code === "CENTER_SIZE") return boxes;
  const [x0 = "", y0 = "", x1 = "", y1 = ""] = coordinates(g, boxes, 4);
  const isSome = g.op("And", [g.op("Greater", [x1, x0]), g.op("Greater", [y1, y0])]);
  return g.op("Where", [isSome, boxes, g.floats([0])]);
}

/** Scores N×C×P of which only the best so many of each class count. */
function bestOf(g: GraphBuilder, scores: string, most: number, count: number): string {
  if (most < 0 || most >= count) return scores;
  const [top = ""] = g.ops("TopK", [scores, g.ints([most])], 2, { axis: 2, largest: 1, sorted: 1 });
  const least = slice(g, top, [2], [most - 1], [most]);
  const isLess = g.op("Less", [scores, least]);
  return g.op("Where", [isLess, g.floats([LOWEST]), scores]);
}

/** Which of K detections are among the best so many of their images, from the first to the last. */
function bestOfImages(at: Site, image: string, scores: string, most: number, n: Axis): string {
  const g = at.graph;
  const count = lengthAlong(g, scores, 0);
  // By image, and within it by falling score: no score is as large as the step between images.
  const key = g.op("Sub", [
    g.op("Cast", [scores], { to: 11 }),
    g.op("Mul", [
      g.op("Cast", [image], { to: 11 }),
      g.op("Cast", [g.floats([1e6], [1])], { to: 11 }),
    ]),
  ]);
  const order = g.ops("TopK", [key, count], 2, { axis: 0, largest: 1, sorted: 1 })[1] as string;
  const images = countTo(g, at.lengthOf(n));
  const isOf = g.op("Equal", [columnOf(g, image), images]);
  const each = reduce(g, "ReduceSum", g.op("Cast", [isOf], { to: 7 }), [0], false);
  const starts = g.op("CumSum", [each, g.op("Reshape", [g.ints([0]), g.ints([], [0])])], {
    exclusive: 1,
  });
  const start = g.op("Gather", [starts, g.op("Gather", [image, order])]);
  const rank = g.op("Sub", [countTo(g, count), start]);
  const isKept = g.op("Less", [rank, g.ints([most])]);
  return ascending(g, g.op("Compress", [order, isKept], { axis: 0 }));
}

const detectionOutput: Translation = (at) => {
  const { graph: g, x, bottoms, param } = at;
  const own = withDefaults("DetectionOutputParameter", param.detection_output_param);
  const nms = withDefaults("NonMaximumSuppressionParameter", own.nms_param);
  const { num_classes: classes = 1, share_location, background_label_id, normalized_bbox } = own;
  if (own.no_permute)
    at.fail("no_permute is true. Expected predictions that are permuted, for ONNX.");
  if (nms.eta < 1) {
    at.fail(`nms_param.eta is ${nms.eta}, and ONNX's threshold does not change. Expected 1.`);
  }
  const [n = 1] = x.axes;
  const count = Math.floor(bottoms[2]!.length(2) / 4);
  const kinds = share_location ? 1 : classes;
  const labels = Array.from({ length: classes }, (_, i) => i).filter(
    (label) => label !== background_label_id,
  );
  const locations = at.reshape(x.value, x.axes, [n, count, kinds, 4]);
  const boxes = decoded(at, locations, bottoms[2]!.value, count);
  const conf = bottoms[1]!;
  const byPrior = at.reshape(conf.value, conf.axes, [n, count, classes]);
  const all = g.op("Transpose", [byPrior], { perm: [0, 2, 1] });
  const scores = g.op("Gather", [all, g.ints(labels)], { axis: 1 });
  const edges = normalized_bbox
    ? withArea(g, boxes, own.code_type)
    : g.op("Add", [boxes, g.floats([0, 0, 1, 1], [1, 1, 1, 4])]);
  const best = bestOf(g, scores, own.nms_param?.top_k ?? -1, count);
  const how = {
    overlap: nms.nms_threshold,
    least: own.confidence_threshold ?? NO_SCORE,
    most: g.ints([count]),
  };
  let image: string;
  let index: string;
  let box: string;
  let place: string;
  if (share_location) {
    const kept = suppress(g, at.reshape(edges, [n, count, 1, 4], [n, count, 4]), best, how);
    ({ image, box } = kept);
    index = kept.label;
    place = g.op(
      "Concat",
      [columnOf(g, image), columnOf(g, box), columnOf(g, g.op("Mul", [box, g.ints([0])]))],
      { axis: 1 },
    );
  } else {
    // Classes with boxes of their own are images of one class.
    const own = g.op(
      "Gather",
      [g.op("Transpose", [edges], { perm: [0, 2, 1, 3] }), g.ints(labels)],
      { axis: 1 },
    );
    const flat = g.op("Reshape", [own, g.ints([-1, count, 4])]);
    const each = g.op("Reshape", [best, g.ints([-1, 1, count])]);
    const kept = suppress(g, flat, each, how);
    image = g.op("Div", [kept.image, g.ints([labels.length])]);
    index = g.op("Mod", [kept.image, g.ints([labels.length])]);
    ({ box } = kept);
    const kind = g.op("Gather", [g.ints(labels), index]);
    place = g.op("Concat", [columnOf(g, image), columnOf(g, box), columnOf(g, kind)], { axis: 1 });
  }
  const label = g.op("Gather", [g.ints(labels), index]);
  const where = g.op("Concat", [columnOf(g, image), columnOf(g, index), columnOf(g, box)], {
    axis: 1,
  });
  const score = g.op("GatherND", [scores, where]);
  const found = g.op("GatherND", [boxes, place]);
  const parts = [
    g.op("Cast", [columnOf(g, image)], { to: 1 }),
    g.op("Cast", [columnOf(g, label)], { to: 1 }),
    columnOf(g, score),
    found,
  ];
  const rows = g.op("Concat", parts, { axis: 1 });
  const { keep_top_k } = own;
  if (keep_top_k < 0) return detections(at, rows, n);
  const kept = bestOfImages(at, image, score, keep_top_k, n);
  return detections(at, g.op("Gather", [rows, kept], { axis: 0 }), n);
};

/** Boxes made of predictions, and the best of those that overlap. */
export const detectors: Readonly<Record<string, Translation>> = {
  DetectionOutput: detectionOutput,
};
