import type { Transform } from "../../io/images/data-transformer.ts";
import { meanShape } from "../../io/images/mean-image.ts";
import { readWindowFile } from "../../io/lists/window-file.ts";
import { readShared } from "../../io/loaders/shared-files.ts";
import { type WindowPlan, windowImagePath } from "../../io/loaders/window-loader.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { arity, type None, type ParamField, type TopShapeOf, type Two } from "../base/layer.ts";
import { PrefetchingDataLayer } from "../base/prefetching-data.ts";
import { imagesShape } from "../base/transform-param.ts";

/**
 * Windows cut out of images and warped to one size: training data of R-CNN, read ahead in threads of their own.
 *
 * - top[0]: N×C×crop×crop, blue first; top[1]: N labels, 0 for background. Background windows come first
 * - `window_data_param`: source (a window file), batch_size, fg_threshold 0.5, bg_threshold 0.5, fg_fraction 0.25,
 *   context_pad 0 (pixels around the window after warping), crop_mode "warp" or "square", cache_images false
 *   (the files, as they are, in memory), root_folder, scale 1
 * - `transform_param`: crop_size (required), mirror, mean_file or mean_value, workers (threads); its scale is not
 *   used
 *
 * @see Girshick et al., CVPR 2014; Caffe's WindowDataLayer
 */
export class WindowDataLayer extends PrefetchingDataLayer<Two> {
  static override readonly type: string = "WindowData";
  static override readonly paramFields: readonly ParamField[] = [
    "window_data_param",
    "transform_param",
  ];
  static override readonly tops = arity.two;
  static override readonly topShape: TopShapeOf = (
    { window_data_param, transform_param },
    topIndex,
  ) => {
    const { batch_size, crop_size } = window_data_param ?? {};
    return imagesShape(topIndex, batch_size, transform_param, [crop_size, crop_size], true);
  };

  override setUp(_bottom: None, top: Two): void {
    const param = withDefaults("WindowDataParameter", this.param.window_data_param);
    const { source, batch_size = 0, fg_threshold, bg_threshold, context_pad } = param;
    if (batch_size < 1)
      this.fail(`window_data_param.batch_size is ${batch_size}. Expected 1 or more.`);
    if (!source) this.fail("window_data_param has no source. Expected a window file.");
    if (Number.isNaN(fg_threshold) || Number.isNaN(bg_threshold)) {
      this.fail(
        `window_data_param has fg_threshold ${fg_threshold} and bg_threshold ${bg_threshold}. Expected numbers.`,
      );
    }
    if (!Number.isFinite(param.scale)) {
      this.fail(`window_data_param.scale is ${param.scale}. Expected a finite number.`);
    }
    const transform = this.named(() => this.transform());
    const crop = transform.cropHeight;
    if (crop < 1)
      this.fail("transform_param.crop_size is 0. Expected the side of the warped windows.");
    if (2 * context_pad >= crop) {
      this.fail(
        `window_data_param.context_pad is ${context_pad}. Expected less than half of crop_size ${crop}.`,
      );
    }
    const windows = this.named(() =>
      readWindowFile(this.locate(source), fg_threshold, bg_threshold),
    );
    const { images, channels } = windows;
    this.#checkMean(transform, channels);
    this.context.log(`Number of images: ${images.length}`);
    const files = {
      source,
      windows,
      base: this.context.root ?? ".",
      rootFolder: param.root_folder,
    };
    const plan: WindowPlan = {
      ...this.basePlan(batch_size),
      ...files,
      kind: "windows",
      fgFraction: param.fg_fraction,
      contextPad: context_pad,
      isSquare: param.crop_mode === "square",
      scale: param.scale,
      transform,
      cache: param.cache_images
        ? this.named(() => readShared(images.map((_, i) => windowImagePath(files, i))))
        : undefined,
    };
    const [data, label] = top;
    data.reshape([batch_size, channels, crop, crop]);
    label.reshape([batch_size]);
    this.context.log(`output data size: ${data.shape.join(",")}`);
    this.prefetches(plan, top, { source, isDecoded: true });
  }

  #checkMean({ mean, meanValues, cropHeight: cropSize }: Transform, channels: number): void {
    if (mean && meanValues.length > 0) {
      this.fail("Cannot specify mean_file and mean_value at the same time.");
    }
    if (meanValues.length > 1 && meanValues.length !== channels) {
      this.fail(
        `${meanValues.length} mean_values. Specify either 1 mean_value or as many as channels: ${channels}.`,
      );
    }
    const [k = 0, h = 0, w = 0] = mean ? meanShape(mean.shape) : [channels, cropSize, cropSize];
    if (k !== channels) {
      this.fail(`the mean image has ${k} channels, and the images ${channels}. Expected as many.`);
    }
    if (h < cropSize || w < cropSize) {
      this.fail(`the mean image is ${h}×${w}. Expected at least crop_size ${cropSize}.`);
    }
  }
}
