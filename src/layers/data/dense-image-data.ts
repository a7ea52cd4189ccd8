import { withDefaults } from "../../io/proto/messages.ts";
import { arity, type None, type ParamField, type TopShapeOf, type Two } from "../base/layer.ts";
import { SegmentationDataLayer, segmentationShape } from "../base/segmentation-data.ts";

/**
 * Images and label images from files that a list names, for nets that classify every pixel.
 *
 * - top[0]: N×C×H×W, the transformed images, blue first; top[1]: N×1×H×W, the label images' classes as they are: grey
 *   values, or the numbers of a PNG's palette where that has colours
 * - `dense_image_data_param`: source (a text file, `image label-image` on each line), batch_size, root_folder (before both;
 *   or root_folder_image and root_folder_label), shuffle false (anew in every pass), new_height and new_width (both or
 *   neither; label images by nearest pixel), is_color true, rand_skip 0, mirror false, crop_height and crop_width;
 *   label_divide_factor 1: labels are smaller by it than `new_height` by `new_width`, as ENet's encoder is trained
 * - `transform_param`: scale 1, mean_file or mean_value, for the images alone; mirror, crop_size (or crop_height and
 *   crop_width), scale_factors, for both alike; workers (threads)
 *
 * An image and its label image must be of one size.
 *
 * @see SegNet's DenseImageDataLayer, which refuses crops and mirroring, and ENet's
 */
export class DenseImageDataLayer extends SegmentationDataLayer<Two> {
  static override readonly type: string = "DenseImageData";
  static override readonly paramFields: readonly ParamField[] = [
    "dense_image_data_param",
    "transform_param",
  ];
  static override readonly tops = arity.two;
  static override readonly topShape: TopShapeOf = (
    { dense_image_data_param, transform_param },
    topIndex,
  ) => {
    const param = withDefaults("DenseImageDataParameter", dense_image_data_param);
    const { crop_size, crop_height, crop_width } = transform_param ?? {};
    const height = param.crop_height || crop_height || crop_size || param.new_height;
    const width = param.crop_width || crop_width || crop_size || param.new_width;
    const { batch_size, is_color, label_divide_factor } = param;
    return segmentationShape(topIndex, batch_size, [height, width], is_color, label_divide_factor);
  };

  override setUp(_bottom: None, top: Two): void {
    const param = withDefaults("DenseImageDataParameter", this.param.dense_image_data_param);
    const { crop_height, crop_width, root_folder = "" } = param;
    if (crop_height > 0 !== crop_width > 0) {
      this.fail(
        `dense_image_data_param has crop_height ${crop_height} and crop_width ${crop_width}. Expected both to be set, or neither.`,
      );
    }
    const told = {
      source: param.source,
      batchSize: param.batch_size ?? 0,
      randSkip: param.rand_skip,
      shuffle: param.shuffle,
      isColor: param.is_color,
      newHeight: param.new_height,
      newWidth: param.new_width,
      imageFolder: param.root_folder_image ?? root_folder,
      labelFolder: param.root_folder_label ?? root_folder,
      labels: "image",
      ignoreLabel: 255,
      labelResize: "nearest",
      labelDivisor: param.label_divide_factor,
      mirror: param.mirror || (this.param.transform_param?.mirror ?? false),
      crop: crop_height > 0 ? { height: crop_height, width: crop_width } : this.cropOf(this.param),
    } as const;
    this.reads(told, "dense_image_data_param", top);
  }
}
