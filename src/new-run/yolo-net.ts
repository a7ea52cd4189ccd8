import type { LayerParameter, NetParameter } from "../io/proto/caffe.ts";
import { NetError } from "../util/errors.ts";
import { sideOf, sizedPictures } from "./detector-sizes.ts";
import type { FormedNet, NetForm } from "./formed-net.ts";
import { changeWeights, judgesCells } from "./layer-kinds.ts";
import { learnersBehind } from "./learners-behind.ts";

/** Width and height of a box, as shares of its picture. */
export type Anchor = readonly [width: number, height: number];

/** The widest cells of these nets, in pixels: pictures are halved five times. */
const CELL = 32;
/** What an anchor has besides a score for each class: four edges, and whether there is an object. */
const OF_ANCHOR = 5;

/** Whether a net tells of each cell of its maps, and of each of some anchors there, what it holds (YOLO). */
export function isYolo({ layer = [] }: NetParameter): boolean {
  return layer.some(judgesCells);
}

/** How many anchors a YOLO has, over all of its maps. */
export function countAnchors({ layer = [] }: NetParameter): number {
  return biasesOf(layer.find(judgesCells)).length / 2;
}

/**
 * A YOLO for other classes and another size of images; its anchors are as large beside the picture as they were. The layer before
 * a loss gives boxes and scores in one.
 *
 * @throws NetError where the size is no multiple of a cell's
 */
export function yoloFor(net: NetParameter, { classes, size }: NetForm): FormedNet {
  if (size % CELL !== 0) {
    throw new NetError(
      `${net.name} does not work on ${size}×${size} pixels: its cells are ${CELL} pixels wide. Expected a multiple of ${CELL}, as ${Math.max(1, Math.round(size / CELL)) * CELL}.`,
    );
  }
  const layers = net.layer ?? [];
  const read = layers.filter(judgesCells).flatMap((one) => bottomsOf(one));
  const scores = new Set(read.flatMap((blob) => [...learnersBehind(layers, blob).learners]));
  const before = sideOf(layers);
  const former = classesOf(layers.find(judgesCells));
  const layer = layers.map((one): LayerParameter => {
    if (scores.has(one.name ?? "")) {
      const { num_output = 0 } = one.convolution_param ?? {};
      const anchors = num_output / (OF_ANCHOR + former);
      return changeWeights(one, { num_output: anchors * (OF_ANCHOR + classes) });
    }
    const scaled = (side: number): number => Number(((side * size) / before).toPrecision(6));
    return withCells(sizedPictures(one, size), classes, size, (biases) => biases.map(scaled));
  });
  return { net: { ...net, layer }, scores, heads: scores };
}

/** A YOLO with these anchors in place of its own, the smallest first. */
export function withAnchors(
  net: NetParameter,
  anchors: readonly Anchor[],
  size: number,
): NetParameter {
  const layer = (net.layer ?? []).map((one) => {
    // YOLOv2 has them in cells, YOLOv3 in pixels.
    const isInPixels = one.yolov3_param ?? one.yolov3_detection_output_param;
    const whole = isInPixels ? size : size / CELL;
    const biases = anchors.flat().map((share) => Number((share * whole).toFixed(2)));
    return judgesCells(one) ? withBiases(one, () => biases) : one;
  });
  return { ...net, layer };
}

function bottomsOf({ bottom = [], yolov3_detection_output_param }: LayerParameter): string[] {
  return yolov3_detection_output_param ? [...bottom] : bottom.slice(0, 1);
}

function biasesOf(layer: LayerParameter = {}): readonly number[] {
  const { region_loss_param, yolov3_param } = layer;
  const output = layer.yolo_detection_output_param ?? layer.yolov3_detection_output_param;
  return [...((region_loss_param ?? yolov3_param ?? output)?.biases ?? [])];
}

function classesOf(layer: LayerParameter = {}): number {
  const loss = layer.region_loss_param ?? layer.yolov3_param;
  const output = layer.yolo_detection_output_param ?? layer.yolov3_detection_output_param;
  return loss?.num_class ?? output?.num_classes ?? 0;
}

function withBiases(
  layer: LayerParameter,
  change: (biases: readonly number[]) => readonly number[],
): LayerParameter {
  const biases = change(biasesOf(layer));
  const { region_loss_param, yolov3_param } = layer;
  const { yolo_detection_output_param, yolov3_detection_output_param } = layer;
  return {
    ...layer,
    ...(region_loss_param && { region_loss_param: { ...region_loss_param, biases } }),
    ...(yolov3_param && { yolov3_param: { ...yolov3_param, biases } }),
    ...(yolo_detection_output_param && {
      yolo_detection_output_param: { ...yolo_detection_output_param, biases },
    }),
    ...(yolov3_detection_output_param && {
      yolov3_detection_output_param: { ...yolov3_detection_output_param, biases },
    }),
  };
}

/** A layer that knows how many classes there are, and cells in a row, for other numbers of them. */
function withCells(
  layer: LayerParameter,
  num_class: number,
  size: number,
  change: (biases: readonly number[]) => readonly number[],
): LayerParameter {
  const own = judgesCells(layer) ? withBiases(layer, change) : layer;
  const { region_loss_param, yolov3_param, detection_evaluate_param } = own;
  const { yolo_detection_output_param, yolov3_detection_output_param } = own;
  const side = size / (yolov3_param?.anchors_scale ?? CELL);
  const counted = { num_classes: num_class };
  return {
    ...own,
    ...(region_loss_param && { region_loss_param: { ...region_loss_param, num_class, side } }),
    ...(yolov3_param && { yolov3_param: { ...yolov3_param, num_class, side } }),
    ...(yolo_detection_output_param && {
      yolo_detection_output_param: { ...yolo_detection_output_param, ...counted },
    }),
    ...(yolov3_detection_output_param && {
      yolov3_detection_output_param: { ...yolov3_detection_output_param, ...counted },
    }),
    ...(detection_evaluate_param && {
      // Its first class is the background.
      detection_evaluate_param: { ...detection_evaluate_param, num_classes: num_class + 1 },
    }),
  };
}
