import { FormatError } from "../util/errors.ts";
import { interleaved, type Raster } from "./raster.ts";

/**
 * Decodes a Windows bitmap without compression, of 8 (with a palette), 24 or 32 bits; the image library knows none.
 * @throws FormatError where it is of another kind, or cut short
 */
export function decodeBmp(bytes: Uint8Array, source: string): Raster {
  if (bytes.length < 54) {
    throw new FormatError(
      `Could not load ${source}: a bitmap of ${bytes.length} bytes. Expected its header of 54 bytes, and more.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = view.getInt32(18, true);
  const rows = view.getInt32(22, true);
  const bits = view.getUint16(28, true);
  const height = Math.abs(rows);
  const stride = Math.ceil((width * bits) / 32) * 4;
  const start = view.getUint32(10, true);
  const palette = 14 + view.getUint32(14, true);
  const isPlain = view.getUint32(30, true) === 0 && [8, 24, 32].includes(bits) && width > 0;
  if (!isPlain || start + stride * height > bytes.length) {
    throw new FormatError(
      `Could not load ${source}: a bitmap of ${width}×${height}, ${bits} bits. Expected 8, 24 or 32 bits without compression, and the whole file.`,
    );
  }
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0, to = 0; y < height; y++) {
    // Rows come from the bottom up unless their number is negative.
    const row = start + stride * (rows > 0 ? height - 1 - y : y);
    for (let x = 0; x < width; x++, to += 3) {
      const at = bits === 8 ? palette + 4 * (bytes[row + x] ?? 0) : row + (x * bits) / 8;
      pixels[to] = bytes[at] ?? 0;
      pixels[to + 1] = bytes[at + 1] ?? 0;
      pixels[to + 2] = bytes[at + 2] ?? 0;
    }
  }
  return interleaved(pixels, 3, height, width);
}
