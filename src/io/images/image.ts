import type { Datum } from "../proto/datum.ts";

/** An image as records hold it: channel by channel, blue first. */
export type Image = Pick<Datum, "channels" | "height" | "width" | "data">;

/**
 * What becomes of an image's colours: three channels, one of grey, or as the file has them (with transparency as
 * a fourth). Unchanged images are not turned as EXIF says either, but for TIFF.
 *
 * @see OpenCV's IMREAD_COLOR, IMREAD_GRAYSCALE and IMREAD_UNCHANGED, which Caffe uses
 */
export type ColorMode = "color" | "gray" | "unchanged";

/** What an image's header tells. */
export interface ImageHeader {
  readonly format: "JPEG" | "PNG" | "GIF" | "BMP" | "WebP" | "TIFF" | "Netpbm";
  readonly height: number;
  readonly width: number;
  /** Values of a pixel when it is decoded unchanged: 1, 3, or 4 with transparency. JPEG: as stored, 4 is CMYK. */
  readonly channels: number;
  /** How EXIF says it should be turned, 1 to 8. */
  readonly orientation: number;
}
