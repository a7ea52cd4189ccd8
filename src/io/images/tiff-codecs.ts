import { inflateSync } from "node:zlib";
import { FormatError } from "../../util/errors.ts";

/** Undoes a compression: `length` bytes, or fewer where the data end before. */
type Codec = (data: Uint8Array, length: number) => Uint8Array;

/** What is undone here, by TIFF's number; a library does the rest. */
export const codecs: ReadonlyMap<number, Codec> = new Map([
  [1, (data) => data],
  [5, lzw],
  [8, inflate],
  [32_773, packBits],
  [32_946, inflate],
]);

function inflate(data: Uint8Array, length: number): Uint8Array {
  try {
    return inflateSync(data, { maxOutputLength: Math.max(length, 1) });
  } catch (error) {
    throw new FormatError(`its compressed data are damaged: ${(error as Error).message}`);
  }
}

/** Runs of bytes: a count, and as many bytes; or a negative count, and one to repeat. */
function packBits(data: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  let [from, to] = [0, 0];
  while (from < data.length && to < length) {
    const code = data[from++] ?? 0;
    if (code === 128) continue;
    if (code < 128) {
      const run = data.subarray(from, Math.min(from + code + 1, from + length - to));
      out.set(run, to);
      from += code + 1;
      to += run.length;
    } else {
      const end = Math.min(to + 257 - code, length);
      out.fill(data[from++] ?? 0, to, end);
      to = end;
    }
  }
  return out.subarray(0, to);
}

/** LZW's codes that mean something of their own, and how long codes may get. */
const [CLEAR, END, LONGEST] = [256, 257, 12];

/**
 * LZW, the first bit of a code first, codes growing one early.
 * @see TIFF 6.0, section 13
 */
function lzw(data: Uint8Array, length: number): Uint8Array {
  if (data[0] === 0 && ((data[1] ?? 0) & 1) === 1) {
    throw new FormatError("it is compressed by the LZW of before TIFF 5. Expected another");
  }
  const out = new Uint8Array(length);
  // Each string is one that came before and the byte behind it: where it lies in `out`, and its length.
  const [starts, lengths] = [new Int32Array(2 ** LONGEST), new Int32Array(2 ** LONGEST)];
  let [bit, width, next, to] = [0, 9, END + 1, 0];
  let previous = -1;
  for (; to < length && bit + width <= 8 * data.length; ) {
    const at = bit >> 3;
    const three = ((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0);
    const code = (three >> (24 - width - (bit & 7))) & (2 ** width - 1);
    bit += width;
    if (code === END) break;
    if (code === CLEAR) {
      [width, next, previous] = [9, END + 1, -1];
      continue;
    }
    if (code > next || (code === next && previous < 0)) {
      throw new FormatError("its compressed data are damaged: a code before its string");
    }
    const start = to;
    if (code < CLEAR) out[to++] = code;
    else {
      // A code that is being made is the string before and that string's first byte, which lies there already.
      const [from, count] =
        code < next ? [starts[code] ?? 0, lengths[code] ?? 0] : [previous, start - previous + 1];
      for (let i = 0; i < count && to < length; i++) out[to++] = out[from + i] ?? 0;
    }
    if (previous >= 0 && next < 2 ** LONGEST) {
      starts[next] = previous;
      lengths[next] = start - previous + 1;
      next++;
      if (next + 1 >= 2 ** width && width < LONGEST) width++;
    }
    previous = start;
  }
  return out.subarray(0, to);
}

/**
 * Undoes differences between neighbours of a row, in place.
 * @param step samples from one pixel to the next
 */
export function undoDifferences(
  data: Uint8Array,
  rowBytes: number,
  bits: number,
  step: number,
  isLittle: boolean,
): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let row = 0; row + rowBytes <= data.length; row += rowBytes) {
    if (bits === 8) {
      for (let i = row + step; i < row + rowBytes; i++) {
        data[i] = (data[i] ?? 0) + (data[i - step] ?? 0);
      }
    } else {
      for (let i = row + 2 * step; i < row + rowBytes; i += 2) {
        view.setUint16(
          i,
          view.getUint16(i, isLittle) + view.getUint16(i - 2 * step, isLittle),
          isLittle,
        );
      }
    }
  }
}
