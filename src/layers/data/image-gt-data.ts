import { type ObjectFile, objectsOf } from "../../io/lists/object-file.ts";
import type { Zoom } from "../../io/loaders/object-view.ts";
import type { ImageGtDataParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { arity, type Blobs, type None, type ParamField, type TopShapeOf } from "../base/layer.ts";
import { ObjectsDataLayer, objectsShape, pairOf } from "../base/objects-data.ts";

/** The objects of a batch that has none: one of class 1, ignored. */
const NO_OBJECT = [0, 1, 1, 2, 2, 1, 1];
/** As there: what a region of no interest covers so far is not learnt, nor an object whose anchors overlap it by less. */
const [REGION, PICKUP] = [0.4, 0.2];

/**
 * Images with objects in them, and labels for anchors on maps of several sizes: training data of MS-CNN.
 *
 * - top[0]: N×C×H×W, blue first, at a place around one of its objects; pixels beyond an image are 0
 * - top[k]: N×6×h×w for each downsample_rate: class, middle, width and height of the object that an anchor is of, and how
 *   much it overlaps the one that it overlaps most. Nothing is learnt where the class is 0 and the overlap above
 *   fg_threshold
 * - last top, with output_gt_boxes: G×7×1×1, `[image x1 y1 x2 y2 class ignored]`
 * - `image_gt_data_param`: source (a window file: `# index`, path, channels, height, width, objects as `class ignored x1 y1
 *   x2 y2`, regions of no interest), batch_size, root_folder, shuffle false, scale 1, resize_width and resize_height,
 *   crop_width and crop_height, downsample_rate, field_w and field_h (the anchors of each map), fg_threshold 0.5,
 *   do_multiple_scale with min_scale and max_scale, min_whaspect and max_whaspect, min_gt_width and min_gt_height (smaller
 *   objects are ignored), fg_img_multiple 1 (images with objects come so often), cache_images false
 * - `transform_param`: mirror false, mean_value, workers (threads)
 *
 * An image is moved by up to 10 pixels, in TEST too. Without a crop and a size all get that of the file's last.
 *
 * @see Cai et al., ECCV 2016; MS-CNN's ImageGtDataLayer
 */
export class ImageGtDataLayer extends ObjectsDataLayer {
  static override readonly type: string = "ImageGtData";
  static override readonly paramFields: readonly ParamField[] = [
    "image_gt_data_param",
    "transform_param",
  ];
  static override readonly tops = arity.oneOrMore;
  static override readonly topShape: TopShapeOf = ({ image_gt_data_param: param }, topIndex) => {
    const size = inputOf(param ?? {});
    return objectsShape(topIndex, param?.batch_size, size, param?.downsample_rate ?? [], 7);
  };

  override setUp(_bottom: None, top: Blobs): void {
    const param = withDefaults("ImageGtDataParameter", this.param.image_gt_data_param);
    const file = this.objectFile(param.source, false, "image_gt_data_param");
    const maps = this.mapsOf(
      param.downsample_rate,
      param.field_h,
      param.field_w,
      "downsample_rate",
    );
    if (maps.length === 0)
      this.fail("image_gt_data_param has no downsample_rate. Expected one or more.");
    if (param.coord_num !== 4) this.fail(`coord_num is ${param.coord_num}. Expected 4.`);
    const [height = 0, width = 0] = file.sizes.subarray(-2);
    const told = {
      batchSize: this.batchOf(param.batch_size),
      rootFolder: param.root_folder,
      cacheImages: param.cache_images,
      entries: repeated(file, param.fg_img_multiple),
      shuffle: param.shuffle,
      grouping: "none",
      groupSize: 1,
      resize: pairOf(param.resize_height, param.resize_width),
      input: inputOf(param) ?? [height, width],
      isInputOnGrid: false,
      ratios: [],
      zoom: this.#zoom(param),
      scale: param.scale,
      distortion: undefined,
      maps,
      rules: { edge: 0, foreground: param.fg_threshold, region: REGION, pickup: PICKUP },
      minWidth: param.min_gt_width,
      minHeight: param.min_gt_height,
      objectRow: param.output_gt_boxes ? NO_OBJECT : undefined,
      hasDifficult: false,
    } as const;
    this.readsObjects(file, told, top);
  }

  #zoom(param: ImageGtDataParameter): Zoom | undefined {
    const range = pairOf(param.min_scale, param.max_scale);
    if (!param.do_multiple_scale || !range) return undefined;
    const [low, high] = range;
    if (high < low)
      this.fail(`min_scale is ${low} and max_scale ${high}. Expected min_scale ≤ max_scale.`);
    const aspect = pairOf(param.min_whaspect, param.max_whaspect);
    return { probability: 0.5, of: "octaves", low, high, aspect };
  }
}

function inputOf(param: ImageGtDataParameter): readonly [number, number] | undefined {
  const height = param.crop_height || param.resize_height;
  return pairOf(height, param.crop_width || param.resize_width);
}

/** The numbers of all images, those with objects that are not ignored `times`. */
function repeated(file: ObjectFile, times: number): Int32Array {
  return Int32Array.from(
    file.images.flatMap((_, i) => {
      const hasObject = objectsOf(file, i).some(({ isIgnored }) => !isIgnored);
      return new Array<number>(hasObject ? times : 1).fill(i);
    }),
  );
}
