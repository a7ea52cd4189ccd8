import { loadSharp } from "../../io/images/sharp.ts";

/** How much larger than on a screen a picture is, and what one side may have at most: librsvg draws no more. */
const SCALE = 2;
const MOST_PIXELS = 32_000;

/**
 * An SVG as PNG: twice the size at which a screen shows it, or as large as an image can be.
 * @param longest the longer side of the picture, where it may be too long
 */
export async function pngOf(svg: string, longest = 1): Promise<Buffer> {
  const sharp = await loadSharp();
  const density = 72 * Math.min(SCALE, MOST_PIXELS / longest);
  return sharp(Buffer.from(svg), { density, limitInputPixels: false, unlimited: true })
    .png()
    .toBuffer();
}
