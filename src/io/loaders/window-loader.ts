import type { FloatArray } from "../../util/arrays.ts";
import { FormatError } from "../../util/errors.ts";
import { Random } from "../../util/random.ts";
import { readBytes } from "../files/read-file.ts";
import type { Transform } from "../images/data-transformer.ts";
import { ImageDecoder } from "../images/decode.ts";
import type { Raster } from "../images/raster.ts";
import { resizeLinear } from "../images/resize.ts";
import { pathWithin } from "../lists/image-list.ts";
import { type Window, type WindowFile, windowAt, windowCount } from "../lists/window-file.ts";
import { type BasePlan, type BatchLoader, type Place, recordNumber } from "./loader.ts";
import { aboutRecord } from "./record-error.ts";
import type { SharedFiles } from "./shared-files.ts";
import { placeWindow } from "./window-place.ts";

/** Windows of images, warped to one size. */
export interface WindowPlan extends BasePlan {
  readonly kind: "windows";
  readonly source: string;
  readonly windows: WindowFile;
  /** Paths start here, with `rootFolder` before them. */
  readonly base: string;
  readonly rootFolder: string;
  /** Share of foreground windows in a batch. */
  readonly fgFraction: number;
  readonly contextPad: number;
  readonly isSquare: boolean;
  /** Values are multiplied by it; the scale of `transform` is not used. */
  readonly scale: number;
  readonly transform: Transform;
  /** The files of all images, one behind the other, where they are kept in memory. */
  readonly cache?: SharedFiles | undefined;
}

/** The path of a window file's image. */
export function windowImagePath(
  {
    base,
    rootFolder,
    windows,
    source,
  }: Pick<WindowPlan, "base" | "rootFolder" | "windows" | "source">,
  image: number,
): string {
  try {
    return pathWithin(base, rootFolder, windows.images[image] ?? "");
  } catch (error) {
    throw aboutRecord(error, `${source}: image ${image}`);
  }
}

/** Makes batches of windows drawn at random: those of the background first, then those of the foreground. */
export class WindowLoader implements BatchLoader {
  readonly #plan: WindowPlan;
  readonly #decoder = new ImageDecoder();
  readonly #fromBackground: number;

  constructor(plan: WindowPlan) {
    this.#plan = plan;
    this.#fromBackground =
      plan.batchSize - Math.trunc(Math.fround(plan.batchSize * plan.fgFraction));
  }

  async load(batch: number, place: Place): Promise<boolean> {
    const { batchSize, windows, transform, seed, stream } = this.#plan;
    const { channels, foreground, background } = windows;
    const size = channels * transform.cropHeight * transform.cropHeight;
    const data = place(0, [batchSize, channels, transform.cropHeight, transform.cropHeight]);
    const label = place(1, [batchSize]);
    data.fill(0);
    for (let i = 0; i < batchSize; i++) {
      const random = new Random(seed, stream, recordNumber(this.#plan, batch, i) % 2 ** 32);
      const from = i < this.#fromBackground ? background : foreground;
      const window = windowAt(from, random.below(windowCount(from)));
      const isMirrored = transform.mirror && random.below(2) === 1;
      label[i] = window.label;
      const path = windowImagePath(this.#plan, window.image);
      const image = await this.#image(window.image, path);
      this.#warp(image, window, isMirrored, data.subarray(i * size, (i + 1) * size));
    }
    // Windows are drawn, so the source never ends.
    return false;
  }

  close(): void {}

  async #image(index: number, path: string): Promise<Raster> {
    const { cache, windows, source } = this.#plan;
    try {
      const bytes = cache
        ? cache.bytes.slice(cache.starts[index], cache.starts[index + 1])
        : readBytes(path, "image");
      return await this.#decoder.decode(bytes, windows.channels === 1 ? "gray" : "color", path);
    } catch (error) {
      throw aboutRecord(error, `${source}: image ${index}`);
    }
  }

  #warp(image: Raster, window: Window, isMirrored: boolean, out: FloatArray): void {
    const { transform, contextPad, isSquare, scale, windows } = this.#plan;
    const { mean, meanValues, cropHeight: crop } = transform;
    const place = placeWindow(window.corners, image, crop, contextPad, isSquare, isMirrored);
    const { left, top, width: w, height: h } = place.from;
    if (left < 0 || top < 0 || w < 1 || h < 1 || left + w > image.width || top + h > image.height) {
      throw new FormatError(
        `${this.#plan.source}: a window ${window.corners.join(" ")} in ${windows.images[window.image]} of ${image.height}×${image.width}. Expected it to lie within the image.`,
      );
    }
    const { height, width, padTop, padLeft } = place;
    if (height < 1 || width < 1) return;
    const { data } = resizeLinear(image, height, width, place.from);
    const [meanH = 0, meanW = 0] = mean?.shape.slice(-2) ?? [];
    // The offset of columns is used for rows too, as Caffe does.
    const offset = Math.trunc((meanW - crop) / 2);
    for (let c = 0; c < image.channels; c++) {
      const meanValue = meanValues[meanValues.length > 1 ? c : 0] ?? 0;
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const pixel = data[(c * height + y) * width + (isMirrored ? width - 1 - x : x)] ?? 0;
          const minus = mean
            ? (mean.data[(c * meanH + y + offset + padTop) * meanW + x + offset + padLeft] ?? 0)
            : meanValue;
          out[(c * crop + y + padTop) * crop + x + padLeft] = (pixel - minus) * scale;
        }
      }
    }
  }
}
