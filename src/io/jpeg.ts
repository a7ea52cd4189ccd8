import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** What native/src/jpeg.cc offers. */
interface JpegAddon {
  /**
   * Decodes to `pixels`, row by row: 1 channel of grey, 3 of blue, green and red, or 4 as they are stored.
   * @throws Error with libjpeg's own words where the file is damaged or cut short
   */
  decode(
    bytes: Uint8Array,
    width: number,
    height: number,
    channels: number,
    pixels: Uint8Array,
  ): void;
}

/** Where the build leaves the addon: the package's own folder, seen from src and from dist alike. */
const FILE = fileURLToPath(new URL("../../build/Release/caffe_jpeg.node", import.meta.url));

let addon: JpegAddon | null | undefined;

/** libjpeg-turbo, loaded at first use; undefined where it has not been built, and sharp serves instead. */
export function jpegAddon(): JpegAddon | undefined {
  if (addon === undefined) {
    try {
      addon = createRequire(import.meta.url)(FILE) as JpegAddon;
    } catch {
      addon = null;
    }
  }
  return addon ?? undefined;
}
