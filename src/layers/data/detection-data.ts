import type { Zoom } from "../../io/loaders/object-view.ts";
import { NO_OBJECT, type Sides } from "../../io/loaders/objects-loader.ts";
import type { DetectionDataParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { arity, type Blobs, type None, type ParamField, type TopShapeOf } from "../base/layer.ts";
import { ObjectsDataLayer, objectsShape, pairOf } from "../base/objects-data.ts";
import { distortionOf } from "../base/preparation-param.ts";

const GROUPINGS = {
  random: "none",
  random_aspect: "aspect",
  random_mix_aspect: "mixed",
} as const;

/**
 * Images with objects in them, and labels for anchors: training data of Cascade R-CNN.
 *
 * - top[0]: N×C×H×W, blue first; pixels beyond an image are 0
 * - top[k]: N×6×h×w for each stride: class, middle, width and height of the object that an anchor is of, and how much it
 *   overlaps the one that it overlaps most. Nothing is learnt where the class is 0 and the overlap above fg_threshold
 * - last top, with output_gt_boxes: G×8×1×1, `[image x1 y1 x2 y2 class ignored difficult]`, −1 where a batch has none
 * - `detection_data_param`: source (a window file: `# index`, path, channels, height, width, objects as `class ignored
 *   difficult x1 y1 x2 y2`, regions of no interest), batch_size, root_folder; shuffle "random", "random_aspect" or
 *   "random_mix_aspect" with mix_group_size 64: in the file's order unless it is given; resize_width and resize_height, or
 *   resize_ratio, or short_size and long_size; crop_width and crop_height, or crop_short_size and crop_long_size;
 *   template_ratio (sizes are multiplied by one of these, drawn for each batch); min_scale and max_scale (of an object), or
 *   low_scale_ratio and high_scale_ratio (of an image), multiscale_prob 0.5, min_whaspect and max_whaspect; stride,
 *   field_w and field_h (the anchors of each map), fg_threshold 0.5, ignore_fg_threshold 0.4, pickup_iou_thr 0.2,
 *   anchor_ignore_margin_ratio or anchor_ignore_iou_thr, distort_param (colours, as of SSD), min_gt_width and min_gt_height, cache_images false
 * - `transform_param`: mirror false, scale 1, mean_value, workers (threads)
 *
 * An image is moved by up to 10 pixels, in TEST too.
 *
 * @see Cai & Vasconcelos, CVPR 2018; Cascade R-CNN's DetectionDataLayer
 */
export class DetectionDataLayer extends ObjectsDataLayer {
  static override readonly type: string = "DetectionData";
  static override readonly paramFields: readonly ParamField[] = [
    "detection_data_param",
    "transform_param",
  ];
  static override readonly tops = arity.oneOrMore;
  static override readonly topShape: TopShapeOf = ({ detection_data_param: param }, topIndex) =>
    objectsShape(topIndex, param?.batch_size, inputOf(param ?? {}), param?.stride ?? [], 8);

  override setUp(_bottom: None, top: Blobs): void {
    const param = withDefaults("DetectionDataParameter", this.param.detection_data_param);
    this.#check(param);
    const file = this.objectFile(param.source, true, "detection_data_param");
    const { ratio, shuffle } = { ratio: param.resize_ratio, shuffle: param.shuffle };
    const told = {
      batchSize: this.batchOf(param.batch_size),
      rootFolder: param.root_folder,
      cacheImages: param.cache_images,
      entries: Int32Array.from(file.images, (_, i) => i),
      shuffle: shuffle !== undefined,
      grouping: GROUPINGS[(shuffle ?? "random") as keyof typeof GROUPINGS],
      groupSize: Math.max(param.mix_group_size, 1),
      resize: pairOf(param.resize_height, param.resize_width) ?? ratio ?? sidesOf(param),
      input: inputOf(param),
      isInputOnGrid: cropOf(param) === undefined,
      ratios: [...param.template_ratio],
      zoom: this.#zoom(param),
      scale: withDefaults("TransformationParameter", this.param.transform_param).scale,
      distortion: param.distort_param && distortionOf(this.param, param.distort_param),
      maps: this.mapsOf(param.stride, param.field_h, param.field_w, "stride"),
      rules: {
        edge: 1,
        foreground: param.fg_threshold,
        region: param.ignore_fg_threshold,
        pickup: param.pickup_iou_thr,
        margin: param.anchor_ignore_margin_ratio,
        inside: param.anchor_ignore_iou_thr,
      },
      minWidth: param.min_gt_width,
      minHeight: param.min_gt_height,
      objectRow: param.output_gt_boxes ? NO_OBJECT : undefined,
      hasDifficult: true,
    } as const;
    this.readsObjects(file, told, top);
  }

  #check(param: DetectionDataParameter): void {
    const { shuffle, fg_threshold = 0.5, coord_num = 4, resize_param } = param;
    if (shuffle !== undefined && !(shuffle in GROUPINGS)) {
      this.fail(`shuffle is "${shuffle}". Expected ${Object.keys(GROUPINGS).join(", ")}.`);
    }
    if (!(fg_threshold > 0)) this.fail(`fg_threshold is ${fg_threshold}. Expected above 0.`);
    const ratio = param.template_ratio?.find((one) => !(one > 0));
    if (ratio !== undefined) this.fail(`template_ratio is ${ratio}. Expected each above 0.`);
    const { multiscale_prob = 0.5 } = param;
    if (!(multiscale_prob >= 0 && multiscale_prob <= 1)) {
      this.fail(`multiscale_prob is ${multiscale_prob}. Expected 0 to 1.`);
    }
    if (coord_num !== 4) this.fail(`coord_num is ${coord_num}. Expected 4.`);
    if (resize_param) {
      this.fail(
        "detection_data_param has resize_param, which Cascade R-CNN never reads. Expected resize_width and resize_height.",
      );
    }
    const ways = [
      pairOf(param.resize_height, param.resize_width),
      param.resize_ratio,
      sidesOf(param),
    ].filter((way) => way !== undefined);
    if (ways.length > 1) {
      this.fail(
        "detection_data_param has several sizes. Expected resize_width and resize_height, or resize_ratio, or short_size and long_size.",
      );
    }
  }

  #zoom(param: DetectionDataParameter): Zoom | undefined {
    const ofObject = pairOf(param.min_scale, param.max_scale);
    const ofImage = pairOf(param.low_scale_ratio, param.high_scale_ratio);
    const range = ofImage ?? ofObject;
    if (!range) return undefined;
    if (ofObject && ofImage) {
      this.fail(
        "detection_data_param has min_scale and max_scale, and low_scale_ratio and high_scale_ratio. Expected one of both.",
      );
    }
    const [low, high] = range;
    const aspect = pairOf(param.min_whaspect, param.max_whaspect);
    if (high < low || (aspect && aspect[1] <= aspect[0])) {
      this.fail(`a scale is between ${low} and ${high}. Expected the lower one first.`);
    }
    const of = ofImage ? "image" : "object";
    return { probability: param.multiscale_prob ?? 0.5, of, low, high, aspect };
  }
}

function sides(short: number | undefined, long: number | undefined): Sides | undefined {
  const pair = pairOf(short, long);
  return pair && { short: pair[0], long: pair[1] };
}

function sidesOf({ short_size, long_size }: DetectionDataParameter): Sides | undefined {
  return sides(short_size, long_size);
}

function cropOf(param: DetectionDataParameter): readonly [number, number] | Sides | undefined {
  const { crop_short_size, crop_long_size } = param;
  return pairOf(param.crop_height, param.crop_width) ?? sides(crop_short_size, crop_long_size);
}

/** The size of the net's input; undefined where each image has its own. */
function inputOf(param: DetectionDataParameter): readonly [number, number] | Sides | undefined {
  return cropOf(param) ?? pairOf(param.resize_height, param.resize_width) ?? sidesOf(param);
}
