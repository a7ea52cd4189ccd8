import { readBytes } from "../io/files.ts";
import { decodeImage, type Image, resizeImage } from "../io/image.ts";
import { withDefaults } from "../io/proto/messages.ts";
import { readWindowFile, type Window, type WindowFile } from "../io/window-file.ts";
import { Random } from "../util/random.ts";
import { type ImageBatch, ImageBatchLayer } from "./base/image-batches.ts";
import type { None, Two } from "./base/layer.ts";
import { placeWindow } from "./base/window-place.ts";

/**
 * Windows cut out of images and warped to one size: training data of R-CNN.
 *
 * - top[0]: N×C×crop×crop, blue first; top[1]: N labels, 0 for background. Background windows come first
 * - `window_data_param`: source (a window file), batch_size, fg_threshold 0.5, bg_threshold 0.5, fg_fraction 0.25,
 *   context_pad 0 (pixels around the window after warping), crop_mode "warp" or "square", cache_images false,
 *   root_folder, scale 1
 * - `transform_param`: crop_size (required), mirror, mean_file or mean_value; its scale is not used
 *
 * @see Girshick et al., CVPR 2014; Caffe's WindowDataLayer
 */
export class WindowDataLayer extends ImageBatchLayer {
  static override readonly type: string = "WindowData";

  readonly #param = withDefaults("WindowDataParameter", this.param.window_data_param);
  readonly #cache: Map<string, Promise<Image>> = new Map();
  #windows!: WindowFile;
  #crop = 0;
  #transform!: ReturnType<ImageBatchLayer["transform"]>;

  override setUp(_bottom: None, [data, label]: Two): void {
    const { source, batch_size = 0, fg_threshold, bg_threshold, context_pad } = this.#param;
    if (batch_size < 1)
      this.fail(`window_data_param.batch_size is ${batch_size}. Expected 1 or more.`);
    if (!source) this.fail("window_data_param has no source. Expected a window file.");
    this.batchSize = batch_size;
    this.#transform = this.named(() => this.transform());
    this.#crop = this.#transform.cropSize;
    if (this.#crop < 1)
      this.fail("transform_param.crop_size is 0. Expected the side of the warped windows.");
    if (2 * context_pad >= this.#crop) {
      this.fail(
        `window_data_param.context_pad is ${context_pad}. Expected less than half of crop_size ${this.#crop}.`,
      );
    }
    this.#windows = this.named(() =>
      readWindowFile(this.locate(source), fg_threshold, bg_threshold),
    );
    const { images, channels } = this.#windows;
    this.#checkMean(channels);
    this.context.log(`Number of images: ${images.length}`);
    data.reshape([batch_size, channels, this.#crop, this.#crop]);
    label.reshape([batch_size]);
    this.context.log(`output data size: ${data.shape.join(",")}`);
  }

  #checkMean(channels: number): void {
    const { mean, meanValues } = this.#transform;
    if (mean && meanValues.length > 0) {
      this.fail("Cannot specify mean_file and mean_value at the same time.");
    }
    if (meanValues.length > 1 && meanValues.length !== channels) {
      this.fail(
        `${meanValues.length} mean_values. Specify either 1 mean_value or as many as channels: ${channels}.`,
      );
    }
    const [h = 0, w = 0] = mean?.shape.slice(-2) ?? [this.#crop, this.#crop];
    if (h < this.#crop || w < this.#crop) {
      this.fail(`the mean image is ${h}×${w}. Expected at least crop_size ${this.#crop}.`);
    }
  }

  protected override async loadBatch(position: number): Promise<ImageBatch> {
    const { channels, foreground, background } = this.#windows;
    const size = channels * this.#crop * this.#crop;
    const data = new Float32Array(this.batchSize * size);
    const label = new Float32Array(this.batchSize);
    const fromBackground =
      this.batchSize - Math.trunc(Math.fround(this.batchSize * this.#param.fg_fraction));
    await Promise.all(
      Array.from({ length: this.batchSize }, async (_, i) => {
        const random = new Random(this.seed, this.param.name ?? "", (position + i) % 2 ** 32);
        const from = i < fromBackground ? background : foreground;
        const window = from[random.below(from.length)] as Window;
        const isMirrored = this.#transform.mirror && random.below(2) === 1;
        label[i] = window.label;
        const image = await this.#image(window.image);
        this.#warp(image, window, isMirrored, data.subarray(i * size, (i + 1) * size));
      }),
    );
    return { shape: [this.batchSize, channels, this.#crop, this.#crop], data, label };
  }

  #image(index: number): Promise<Image> {
    const path = this.locate(`${this.#param.root_folder}${this.#windows.images[index] ?? ""}`);
    const kept = this.#cache.get(path);
    if (kept) return kept;
    const image = decodeImage(readBytes(path, "image"), this.#windows.channels !== 1, path);
    if (this.#param.cache_images) this.#cache.set(path, image);
    return image;
  }

  #warp(image: Image, window: Window, isMirrored: boolean, out: Float32Array): void {
    const crop = this.#crop;
    const { context_pad, crop_mode, scale } = this.#param;
    const place = placeWindow(
      window.corners,
      image,
      crop,
      context_pad,
      crop_mode === "square",
      isMirrored,
    );
    const { left, top, width: w, height: h } = place.from;
    if (left < 0 || top < 0 || w < 1 || h < 1 || left + w > image.width || top + h > image.height) {
      this.fail(
        `a window ${window.corners.join(" ")} in ${this.#windows.images[window.image]} of ${image.height}×${image.width}. Expected it to lie within the image.`,
      );
    }
    const { height, width, padTop, padLeft } = place;
    if (height < 1 || width < 1) return;
    const { data } = resizeImage(image, height, width, place.from);
    const { mean, meanValues } = this.#transform;
    const [meanH = 0, meanW = 0] = mean?.shape.slice(-2) ?? [];
    // The offset of columns is used for rows too, as Caffe does.
    const offset = Math.trunc((meanW - crop) / 2);
    for (let c = 0; c < image.channels; c++) {
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const pixel = data[(c * height + y) * width + (isMirrored ? width - 1 - x : x)] ?? 0;
          const minus = mean
            ? (mean.data[(c * meanH + y + offset + padTop) * meanW + x + offset + padLeft] ?? 0)
            : (meanValues[meanValues.length > 1 ? c : 0] ?? 0);
          out[(c * crop + y + padTop) * crop + x + padLeft] = (pixel - minus) * scale;
        }
      }
    }
  }
}
