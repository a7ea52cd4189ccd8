import { CUT, type Pixels } from "../../util/pixels.ts";
import type { Cut } from "./native-transform.ts";
import { copyPlane, cropped, type Raster } from "./raster.ts";

/** Writes what is cut out of an image of bytes as image `i`, unmirrored. */
export function putPixels({ bytes, cuts }: Pixels, i: number, image: Raster, cut: Cut): void {
  const { channels, height, width, top, left, isMirrored } = cut;
  const size = channels * height * width;
  const part = cropped(image, top, left, height, width);
  const isInterleaved = channels > 1 && part.channelStep === 1 && part.columnStep === channels;
  const at = i * size;
  cuts.set([top, left, isMirrored ? 1 : 0, isInterleaved ? 1 : 0], CUT * i);
  if (isInterleaved) putRows(part, 1, channels * width, bytes, at);
  else if (part.columnStep === 1) putRows(part, channels, width, bytes, at);
  else for (let c = 0; c < channels; c++) copyPlane(part, c, bytes, at + c * height * width);
}

/** Copies rows that are in one piece, of so many planes. */
function putRows(
  { data, offset, channelStep, rowStep, height }: Raster,
  planes: number,
  length: number,
  into: Uint8Array,
  at: number,
): void {
  let to = at;
  for (let c = 0; c < planes; c++) {
    const from = offset + c * channelStep;
    // Rows that follow each other are one.
    const [rows, piece] = rowStep === length ? [1, height * length] : [height, length];
    for (let y = 0; y < rows; y++, to += piece) {
      into.set(data.subarray(from + y * rowStep, from + y * rowStep + piece), to);
    }
  }
}
