import type { LayerParameter } from "../io/proto/caffe.ts";

/** Layers that make boxes. */
const OUTPUTS = ["DetectionOutput", "YoloDetectionOutput", "Yolov3DetectionOutput"];

/**
 * A net's layers with one that makes boxes in the place of those that hold YOLO's maps against labels, where it has none: the
 * numbers that it needs, these have too. EvalDetection, or else RegionLoss, becomes YoloDetectionOutput; all Yolov3 or
 * GaussianYolov3 become one Yolov3DetectionOutput.
 *
 * @param say is told what was replaced
 */
export function withBoxes(
  layers: readonly LayerParameter[],
  say: (message: string) => void,
): readonly LayerParameter[] {
  if (layers.some(({ type = "" }) => OUTPUTS.includes(type))) return layers;
  for (const [type, boxesOf] of Object.entries(REPLACED)) {
    const heads = layers.filter((layer) => layer.type === type);
    const [first] = heads;
    if (!first) continue;
    const { name = "", top = [], include, exclude } = first;
    const made: LayerParameter = {
      ...{ name, top },
      ...(include && { include }),
      ...(exclude && { exclude }),
      bottom: heads.flatMap(({ bottom: [map] = [] }) => map ?? []),
      ...boxesOf(heads, first),
    };
    say(`${type} "${name}" needs labels: ${made.type} with its numbers takes its place.`);
    return layers.flatMap((layer) => (layer === first ? made : heads.includes(layer) ? [] : layer));
  }
  return layers;
}

type Boxes = Pick<
  LayerParameter,
  "type" | "yolo_detection_output_param" | "yolov3_detection_output_param"
>;

const REPLACED: Readonly<
  Record<string, (heads: readonly LayerParameter[], first: LayerParameter) => Boxes>
> = {
  EvalDetection: (_heads, { eval_detection_param: param = {} }) =>
    yolo2(param.num_class ?? 20, param.num_object ?? 2, param.biases),
  RegionLoss: (_heads, { region_loss_param: param = {} }) =>
    yolo2(param.num_class ?? 20, param.num ?? 5, param.biases),
  Yolov3: (heads) => yolo3(heads, false),
  GaussianYolov3: (heads) => yolo3(heads, true),
};

function yolo2(num_classes: number, num_box: number, biases: Iterable<number> = []): Boxes {
  return {
    type: "YoloDetectionOutput",
    yolo_detection_output_param: { num_classes, num_box, biases: [...biases] },
  };
}

function yolo3(heads: readonly LayerParameter[], gaussian_box: boolean): Boxes {
  const params = heads.map(({ yolov3_param }) => yolov3_param ?? {});
  const [{ num_class = 20, mask = [], biases = [] } = {}] = params;
  return {
    type: "Yolov3DetectionOutput",
    yolov3_detection_output_param: {
      num_classes: num_class,
      num_box: mask.length,
      mask_group_num: params.length,
      mask: params.flatMap((param) => [...(param.mask ?? [])]),
      anchors_scale: params.map(({ anchors_scale = 32 }) => anchors_scale),
      biases: [...biases],
      gaussian_box,
    },
  };
}
