import { CaffeError } from "../util/errors.ts";

/**
 * Stands for io/images/recompress.ts in a page, which has no encoder that gives OpenCV's bytes.
 * @throws CaffeError always
 */
export function recompressed(): never {
  throw new CaffeError(
    "noise_param.jpeg is given in a browser, where no JPEG is made. Expected it to be left out.",
  );
}
