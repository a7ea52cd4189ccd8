import { FormatError } from "../../util/errors.ts";
import type { Image, ImageHeader } from "./image.ts";
import { interleaved, type Raster } from "./raster.ts";

const [HASH, NEWLINE, RETURN, SPACE, ZERO, NINE] = [35, 10, 13, 32, 48, 57];
/** Numbers are of 32 bits, and values of 16. */
const [MOST, MOST_VALUE] = [2 ** 31 - 1, 65_535];

/** What stands before the values. */
interface NetpbmHeader {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  /** The greatest value; of bits, of which 1 is black, it is 1. */
  readonly most: number;
  readonly isBits: boolean;
  readonly isText: boolean;
  /** Where the values begin. */
  readonly start: number;
}

/**
 * The header of a PBM, PGM or PPM; undefined where a file is none.
 * @throws FormatError where it holds something else than numbers, or they are out of range
 */
export function netpbmImageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const header = headerOf(bytes);
  if (!header) return undefined;
  const { height, width, channels } = header;
  return { format: "Netpbm", height, width, channels, orientation: 1 };
}

function headerOf(bytes: Uint8Array): NetpbmHeader | undefined {
  const kind = (bytes[1] ?? 0) - ZERO;
  if (bytes[0] !== 0x50 || kind < 1 || kind > 6 || !isSpace(bytes[2])) return undefined;
  const numbers = new Numbers(bytes, 2);
  const [width, height] = [numbers.next(), numbers.next()];
  const isBits = kind % 3 === 1;
  const most = isBits ? 1 : numbers.next();
  if (most < 1 || most > MOST_VALUE) {
    throw new FormatError(`its greatest value is ${most}. Expected 1 to ${MOST_VALUE}`);
  }
  const channels = kind % 3 === 0 ? 3 : 1;
  return { height, width, channels, most, isBits, isText: kind <= 3, start: numbers.at };
}

/**
 * Decodes a PBM, PGM or PPM (P1 to P6). As in OpenCV, values of text are brought to 255 by their greatest, those of
 * one byte are taken as they are, and of 16 bits the upper eight.
 *
 * @throws FormatError where it is cut short, or holds something else than numbers
 * @see OpenCV's PxMDecoder; https://netpbm.sourceforge.net/doc/
 */
export function decodeNetpbm(bytes: Uint8Array): Raster {
  const header = headerOf(bytes);
  if (!header) throw new FormatError("it is no PBM, PGM or PPM");
  const { height, width, channels, start } = header;
  const count = height * width * channels;
  const needed = bytesOf(header);
  if (bytes.length - start < needed) {
    throw new FormatError(
      `it has ${bytes.length} bytes. Expected ${start + needed}${header.isText ? " or more" : ""}`,
    );
  }
  const values = new Uint8Array(count);
  if (header.isText) readText(bytes, header, values);
  else if (header.isBits) readBits(bytes, header, values);
  else if (header.most > 255) for (let i = 0; i < count; i++) values[i] = bytes[start + 2 * i] ?? 0;
  else values.set(bytes.subarray(start, start + count));
  if (channels === 3) {
    // Red comes first.
    for (let i = 0; i < count; i += 3) {
      const red = values[i] ?? 0;
      values[i] = values[i + 2] ?? 0;
      values[i + 2] = red;
    }
  }
  return interleaved(values, channels, height, width);
}

/** The least bytes that the values take. */
function bytesOf({ height, width, channels, most, isBits, isText }: NetpbmHeader): number {
  const count = height * width * channels;
  if (isText) return isBits ? count : 2 * count - 1;
  if (isBits) return height * Math.ceil(width / 8);
  return most > 255 ? 2 * count : count;
}

function readText(
  bytes: Uint8Array,
  { most, isBits, start }: NetpbmHeader,
  values: Uint8Array,
): void {
  const numbers = new Numbers(bytes, start);
  for (let i = 0; i < values.length; i++) {
    // Bits need no space between.
    const value = Math.min(numbers.next(isBits ? 1 : undefined), most);
    if (isBits) values[i] = value === 0 ? 255 : 0;
    else values[i] = most > 255 ? value >> 8 : Math.trunc((value * 255) / most);
  }
}

function readBits(bytes: Uint8Array, { width, start }: NetpbmHeader, values: Uint8Array): void {
  const stride = Math.ceil(width / 8);
  for (let i = 0; i < values.length; i++) {
    const [x, row] = [i % width, start + stride * Math.floor(i / width)];
    const bit = ((bytes[row + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1;
    values[i] = bit === 0 ? 255 : 0;
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte !== undefined && (byte === SPACE || (byte >= 9 && byte <= RETURN));
}

/** The bytes of a PPM, or of a PGM where there is one channel, as OpenCV writes it. */
export function encodeNetpbm({ channels, height, width, data }: Image): Uint8Array {
  const isGray = channels < 3;
  const head = new TextEncoder().encode(`P${isGray ? 5 : 6}\n${width} ${height}\n255\n`);
  const plane = height * width;
  const step = isGray ? 1 : 3;
  const bytes = new Uint8Array(head.length + step * plane);
  bytes.set(head);
  for (let c = 0; c < step; c++) {
    // Red comes first.
    const from = (step - 1 - c) * plane;
    for (let i = 0; i < plane; i++) bytes[head.length + step * i + c] = data[from + i] ?? 0;
  }
  return bytes;
}

/** Numbers in text, one after the other, with space and comments between. */
class Numbers {
  readonly #bytes: Uint8Array;
  /** Behind the byte that ended the last number, whatever it was. */
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** @param digits as many as a number may have */
  next(digits = Number.POSITIVE_INFINITY): number {
    let byte = this.#byte();
    while (byte < ZERO || byte > NINE) {
      if (byte === HASH) {
        while (byte !== NEWLINE && byte !== RETURN) byte = this.#byte();
      } else if (!isSpace(byte)) {
        throw new FormatError(
          `byte ${this.at - 1} is "${String.fromCharCode(byte)}". Expected a number`,
        );
      }
      byte = this.#byte();
    }
    let value = 0;
    for (let i = 1; byte >= ZERO && byte <= NINE; i++) {
      value = 10 * value + byte - ZERO;
      if (value > MOST) throw new FormatError(`a number is greater than ${MOST}`);
      if (i === digits) break;
      // The last number may end with the file.
      byte = this.#bytes[this.at++] ?? SPACE;
    }
    return value;
  }

  #byte(): number {
    const byte = this.#bytes[this.at++];
    if (byte === undefined) throw new FormatError("it is cut short");
    return byte;
  }
}
