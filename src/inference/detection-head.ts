import type { Blob } from "../blob/blob.ts";
import { referenceSuppress } from "../engines/reference/suppression.ts";
import type { Net } from "../net/net.ts";
import { clipBox } from "../util/box.ts";
import { CaffeError } from "../util/errors.ts";
import { shapeText } from "../util/shape.ts";
import { type Frame, inPicture, type PictureOptions } from "./picture-input.ts";

/** The edges of a rectangle in a picture, in pixels. */
export interface PixelBox {
  readonly xmin: number;
  readonly ymin: number;
  readonly xmax: number;
  readonly ymax: number;
}

/** A thing that a net finds: the number of its class, how sure the net is, where it lies. */
export interface Found {
  readonly label: number;
  readonly score: number;
  readonly box: PixelBox;
}

/**
 * How a net tells what it finds.
 *
 * - "rows": a layer of detections, `[image label score xmin ymin xmax ymax]` in shares of its input
 * - "regions": for every region scores of classes, and corrections of the region where it is not corrected already (R-CNN)
 */
export type DetectionHead =
  | {
      readonly kind: "rows";
      readonly output: string;
      /** How many labels there are: 0, the background's, to the last. */
      readonly labels: number;
      /** Whether several images may run together. */
      readonly takesBatches: boolean;
    }
  | {
      readonly kind: "regions";
      readonly labels: number;
      readonly rois: string;
      readonly scores: string;
      readonly deltas?: string | undefined;
      /** Whether the scores are still to become shares of 1. */
      readonly areLogits?: boolean;
      /** How such nets want their pictures, and what they divide corrections by, if they say nothing. */
      readonly usual: PictureOptions & { readonly boxStds?: readonly number[] };
    };

type RegionHead = Extract<DetectionHead, { readonly kind: "regions" }>;

/** Means of blue, green and red that py-faster-rcnn's nets were trained with. */
const RCNN_MEANS = [102.9801, 115.9465, 122.7717];
/** What MS-CNN's nets were trained with. */
const MSCNN_MEANS = [104, 117, 123];
const MSCNN_STDS = [0.1, 0.1, 0.2, 0.2];

/** What is to be done with the boxes of an R-CNN net. */
interface RegionSettings {
  readonly threshold: number;
  /** Of a class's boxes that overlap by more only the best is kept. */
  readonly overlap: number;
  /** What the corrections were divided by and brought to 0 with in training, if the weights do not hold that. */
  readonly boxStds: readonly number[];
  readonly boxMeans: readonly number[];
}

/**
 * How a net tells what it finds, by the layers and the names of its outputs.
 * @throws CaffeError where it finds nothing
 */
export function headOf(net: Net): DetectionHead {
  const rows = net.layers.flatMap(({ param }): DetectionHead[] => {
    const [output = ""] = param.top ?? [];
    if (!net.outputs.includes(output)) return [];
    const row = (classes = 0, takesBatches = false): DetectionHead[] => [
      { kind: "rows", output, labels: classes, takesBatches },
    ];
    if (param.type === "DetectionOutput") {
      return row(param.detection_output_param?.num_classes, true);
    }
    // Both number their classes from 1 on, and keep the best boxes of a whole batch.
    if (param.type === "YoloDetectionOutput") {
      return row((param.yolo_detection_output_param?.num_classes ?? 0) + 1);
    }
    if (param.type === "Yolov3DetectionOutput") {
      return row((param.yolov3_detection_output_param?.num_classes ?? 0) + 1);
    }
    return [];
  });
  if (rows.length > 1) {
    throw new CaffeError(
      `net "${net.name}" has ${rows.length} layers of detections. Expected one, DetectionOutput, YoloDetectionOutput or Yolov3DetectionOutput.`,
    );
  }
  if (rows[0]) return rows[0];
  const regions = regionHeadOf(net);
  if (regions) return regions;
  throw new CaffeError(
    `net "${net.name}" ends in ${net.outputs.join(", ") || "nothing"}. Expected a layer of detections (DetectionOutput, YoloDetectionOutput, Yolov3DetectionOutput), R-CNN's cls_prob, bbox_pred and rois, or Cascade R-CNN's output_bbox_… and cls_prob_…. Where SSD's file for training has MultiBoxLoss, its file for use has Softmax and DetectionOutput. caffe classify is for scores of a whole picture, caffe segment for scores of its pixels.`,
  );
}

/** The heads of R-CNN's family, known by the names that their files give blobs. */
function regionHeadOf(net: Net): DetectionHead | undefined {
  const ends = (name: string): boolean => net.outputs.includes(name);
  const usual: PictureOptions = { resize: "short", mean: RCNN_MEANS };
  for (const stage of ["3rd", "2nd", "1st"]) {
    const rois = `output_bbox_${stage}`;
    const scores = [`cls_prob_${stage}_avg`, `cls_prob_${stage}`].find(ends);
    if (!ends(rois) || scores === undefined) continue;
    return { kind: "regions", labels: net.blob(scores).count(1), rois, scores, usual };
  }
  const deltas = "bbox_pred";
  if (ends("cls_prob") && ends(deltas) && net.blobs.has("rois")) {
    return correctedHead(net, { rois: "rois", scores: "cls_prob", deltas, usual });
  }
  if (ends("cls_pred") && ends(deltas) && ends("proposals_score") && net.blobs.has("proposals")) {
    const ofMscnn = { mean: MSCNN_MEANS, boxStds: MSCNN_STDS };
    const names = { rois: "proposals", scores: "cls_pred", deltas, areLogits: true };
    return correctedHead(net, { ...names, usual: ofMscnn });
  }
  return undefined;
}

function correctedHead(
  net: Net,
  head: Omit<RegionHead, "kind" | "labels"> & { readonly deltas: string },
): DetectionHead {
  const [scores, deltas] = [net.blob(head.scores), net.blob(head.deltas)];
  const labels = scores.count(1);
  if ([4 * labels, 8, 4].includes(deltas.count(1))) return { kind: "regions", labels, ...head };
  throw new CaffeError(
    `net "${net.name}": ${head.scores} has shape ${shapeText(scores.shape)} and ${head.deltas} ${shapeText(deltas.shape)}. Expected four numbers for each of ${labels} classes, or 8 or 4 for all of them.`,
  );
}

/** What rows of detections tell about image number `index` of a batch. */
export function foundInRows(rows: Blob, index: number, frame: Frame, threshold: number): Found[] {
  const values = rows.values();
  const [inputHeight, inputWidth] = frame.size;
  const found: Found[] = [];
  for (let at = 0; at + 7 <= values.length; at += 7) {
    const [image = 0, label = -1, score = 0] = values.subarray(at, at + 3);
    if (image !== index || label < 0 || !(score >= threshold)) continue;
    const edge = (i: number): number => values[at + i] ?? 0;
    const [xmin, ymin] = inPicture(frame, edge(3) * inputWidth, edge(4) * inputHeight);
    const [xmax, ymax] = inPicture(frame, edge(5) * inputWidth, edge(6) * inputHeight);
    found.push({ label, score, box: { xmin, ymin, xmax, ymax } });
  }
  return found;
}

/** The blobs of an R-CNN net: regions R×5, scores R×C, corrections of the regions R×4C, or R×8 or R×4 for all classes. */
interface RegionBlobs {
  readonly rois: Blob;
  readonly scores: Blob;
  readonly deltas: Blob | undefined;
  /** Whether the scores are still to become shares of 1: softmax. */
  readonly areLogits: boolean;
}

/**
 * What an R-CNN net tells: for each class but the first, the background, the regions of at least that score, moved and
 * stretched as the net says, within the picture, without those that a better one of the class overlaps.
 *
 *     x = roi.x + roi.width/2 + dx·roi.width;  width = roi.width · e^dw;  box = x ∓ width/2, within 0 to the picture's width − 1
 *
 * @param size height and width of the picture
 * @see py-faster-rcnn's test.py: edges are pixels, and both within the box
 */
export function foundInRegions(
  { rois, scores, deltas, areLogits }: RegionBlobs,
  frame: Frame,
  size: readonly [height: number, width: number],
  { threshold, overlap, boxStds, boxMeans }: RegionSettings,
): Found[] {
  const classes = scores.count(1);
  const numbers = deltas?.count(1) ?? 0;
  const [regions, moves] = [rois.values(), deltas?.values()];
  const shares = areLogits ? softmax(scores.values(), classes) : scores.values();
  const found: Found[] = [];
  for (let label = 1; label < classes; label++) {
    const offset = numbers === 4 * classes ? 4 * label : numbers - 4;
    const own: Found[] = [];
    for (let r = 0; r < (rois.shape[0] ?? 0); r++) {
      const score = shares[r * classes + label] ?? 0;
      if (!(score >= threshold)) continue;
      const edge = (i: number): number => regions[5 * r + i] ?? 0;
      const [x0, y0] = inPicture(frame, edge(1), edge(2));
      const [x1, y1] = inPicture(frame, edge(3), edge(4));
      const delta = (i: number): number =>
        (moves?.[r * numbers + offset + i] ?? 0) * (boxStds[i] ?? 1) + (boxMeans[i] ?? 0);
      const [left, right] = moves ? moved(x0, x1, delta(0), delta(2)) : [x0, x1];
      const [top, bottom] = moves ? moved(y0, y1, delta(1), delta(3)) : [y0, y1];
      const [xmin, ymin, xmax, ymax] = clipBox(
        [left, top, right, bottom],
        size[1] - 1,
        size[0] - 1,
      );
      own.push({ label, score, box: { xmin, ymin, xmax, ymax } });
    }
    const best = own.toSorted((a, b) => b.score - a.score);
    const boxes = Float64Array.from(
      best.flatMap(({ box: { xmin, ymin, xmax, ymax } }) => [xmin, ymin, xmax, ymax]),
    );
    const kept = referenceSuppress(boxes, { boxes: "pixels", threshold: overlap });
    found.push(...Array.from(kept).flatMap((i) => best[i] ?? []));
  }
  return found;
}

/** The edges of a region along one axis, moved and stretched. */
function moved(
  from: number,
  to: number,
  shift: number,
  stretch: number,
): readonly [number, number] {
  const size = to - from + 1;
  const middle = from + size / 2 + shift * size;
  const half = (Math.exp(stretch) * size) / 2;
  return [middle - half, middle + half];
}

/** Rows of numbers as shares of 1. */
function softmax(values: ArrayLike<number>, length: number): Float32Array {
  const shares = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += length) {
    const row = Float64Array.from({ length }, (_, i) => values[at + i] ?? 0);
    const most = row.reduce((max, value) => Math.max(max, value), Number.NEGATIVE_INFINITY);
    const powers = row.map((value) => Math.exp(value - most));
    const sum = powers.reduce((total, value) => total + value, 0);
    shares.set(
      powers.map((value) => value / sum),
      at,
    );
  }
  return shares;
}
