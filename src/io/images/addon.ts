import { loadAddonFile } from "../../addons/addon-file.ts";

/** What native/src/jpeg.cc and native/src/transform.cc offer. */
export interface ImagesAddon {
  /**
   * Decodes to `pixels`, row by row: 1 channel of grey, 3 of blue, green and red, or 4 as they are stored.
   * @throws Error with libjpeg's own words where the file is damaged or cut short
   */
  decodeJpeg(
    bytes: Uint8Array,
    width: number,
    height: number,
    channels: number,
    pixels: Uint8Array,
  ): void;
  /**
   * out = (pixel − mean) · scale, channel by channel, for any number of images.
   *
   * @param mean an image, or undefined where each channel has one value
   * @param values scale, then the mean of each channel
   * @param places of each image offset, channelStep, rowStep and columnStep of the pixels; channels, height and width
   *   of what is written; offset, channelStep and rowStep of the mean; 1 where rows run backwards; and where in `out`
   *   it begins
   */
  transform(
    pixels: Uint8Array | Float32Array,
    mean: Float32Array | undefined,
    values: Float32Array,
    places: Int32Array,
    out: Float32Array,
  ): void;
}

let addon: ImagesAddon | null | undefined;

/** The addon, loaded at first use; undefined where there is none, and sharp and plain loops serve instead. */
export function imagesAddon(): ImagesAddon | undefined {
  if (addon === undefined) {
    try {
      addon = loadAddonFile("caffe_images") as ImagesAddon;
    } catch {
      addon = null;
    }
  }
  return addon ?? undefined;
}
