import { withDefaults } from "../../io/proto/messages.ts";
import type { Blobs, None, ParamField, TopShapeOf } from "../base/layer.ts";
import { SegmentationDataLayer, segmentationShape } from "../base/segmentation-data.ts";

const LABELS = { PIXEL: "image", IMAGE: "class", NONE: "none" } as const;

/**
 * Images and the classes of their pixels from files that a list names, cropped and scaled at random.
 *
 * - top[0]: N×C×H×W, the transformed images, blue first; top[1]: N×1×H×W, the classes
 * - top[2], if there is one: N×1×1×2, height and width of each image, at most those of the crop
 * - `image_data_param`: source, batch_size 1, root_folder, shuffle false (anew in every pass), new_height and new_width
 *   (both or neither), is_color true, rand_skip 0; label_type IMAGE (`path label` on each line: all pixels are of that
 *   class), PIXEL (`image label-image`, whose grey values are classes, or the numbers of its palette) or NONE (`path`; all pixels are of ignore_label);
 *   ignore_label 255
 * - `transform_param`: scale 1, mean_value, for the images alone; mirror false, crop_size (or crop_height and crop_width),
 *   scale_factors (one is drawn for each image in TRAIN), for both alike; workers (threads)
 *
 * A label image that new_height and new_width resize is interpolated, as there: pixels between two classes become one
 * between them.
 *
 * @see PSPNet's and DeepLab's ImageSegDataLayer
 */
export class ImageSegDataLayer extends SegmentationDataLayer<Blobs> {
  static override readonly type: string = "ImageSegData";
  static override readonly paramFields: readonly ParamField[] = [
    "image_data_param",
    "transform_param",
  ];
  static override readonly tops = { min: 2, max: 3 };
  static override readonly topShape: TopShapeOf = (
    { image_data_param, transform_param },
    topIndex,
  ) => {
    const { batch_size, new_height, new_width, is_color } = image_data_param ?? {};
    const { crop_size, crop_height, crop_width } = transform_param ?? {};
    const [height, width] = [crop_height || crop_size, crop_width || crop_size];
    return segmentationShape(
      topIndex,
      batch_size,
      [height || new_height, width || new_width],
      is_color,
    );
  };

  override setUp(_bottom: None, top: Blobs): void {
    const param = withDefaults("ImageDataParameter", this.param.image_data_param);
    const labels = LABELS[param.label_type];
    if (this.param.transform_param?.mean_file !== undefined) {
      this.fail("transform_param has mean_file. Expected mean_value: images are of many sizes.");
    }
    if (labels === "image" && param.new_height > 0) {
      this.context.warn(
        "new_height and new_width interpolate label images, as PSPNet does: pixels between two classes become one between them. Resize the files by nearest pixel, and leave them out.",
      );
    }
    const told = {
      source: param.source,
      batchSize: param.batch_size,
      randSkip: param.rand_skip,
      shuffle: param.shuffle,
      isColor: param.is_color,
      newHeight: param.new_height,
      newWidth: param.new_width,
      imageFolder: param.root_folder,
      labelFolder: param.root_folder,
      labels,
      ignoreLabel: param.ignore_label,
      labelResize: "linear",
      labelDivisor: 1,
      mirror: this.param.transform_param?.mirror ?? false,
      crop: this.cropOf(this.param),
    } as const;
    this.reads(told, "image_data_param", top);
  }
}
