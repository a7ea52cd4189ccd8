import { FormatError } from "../../util/errors.ts";
import type { ImageHeader } from "./image.ts";
import { interleaved, type Raster } from "./raster.ts";
import { codecs, undoDifferences } from "./tiff-codecs.ts";

/** The tags that are read. */
const TAG = {
  width: 256,
  height: 257,
  bits: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  orientation: 274,
  samples: 277,
  rowsPerStrip: 278,
  stripBytes: 279,
  planar: 284,
  predictor: 317,
  palette: 320,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileBytes: 325,
  extraSamples: 338,
  sampleFormat: 339,
} as const;
/** What samples stand for. */
const [WHITE_IS_0, BLACK_IS_0, RGB, PALETTE, CMYK, YCBCR] = [0, 1, 2, 3, 5, 6];
/** How a file says that colours are not multiplied by their alpha. */
const UNASSOCIATED = 2;
const JPEG = 7;
/** Bytes of a value, by its type. */
const sizes: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4 };

/** The first directory of a TIFF, or of what EXIF keeps in the form of one. */
export class TiffDirectory {
  readonly isLittle: boolean;
  readonly #view: DataView;
  readonly #entries = new Map<number, number>();

  private constructor(view: DataView, isLittle: boolean) {
    this.#view = view;
    this.isLittle = isLittle;
    const start = view.getUint32(4, isLittle);
    const count = view.getUint16(start, isLittle);
    for (let i = 0; i < count; i++) {
      const at = start + 2 + 12 * i;
      this.#entries.set(view.getUint16(at, isLittle), at + 2);
    }
  }

  /**
   * Undefined where a file does not begin so.
   * @throws RangeError where it ends before its directory does
   */
  static of(view: DataView): TiffDirectory | undefined {
    const mark = view.getUint32(0);
    if (mark !== 0x49492a00 && mark !== 0x4d4d002a) return undefined;
    return new TiffDirectory(view, mark === 0x49492a00);
  }

  /**
   * The whole numbers of a tag; none where it is not there.
   * @throws RangeError where they lie beyond the file
   */
  values(tag: number): readonly number[] {
    const at = this.#entries.get(tag);
    if (at === undefined) return [];
    const view = this.#view;
    const size = sizes[view.getUint16(at, this.isLittle)];
    const count = view.getUint32(at + 2, this.isLittle);
    if (size === undefined) return [];
    const start = size * count <= 4 ? at + 6 : view.getUint32(at + 6, this.isLittle);
    if (start + size * count > view.byteLength) throw new RangeError("beyond the file");
    return Array.from({ length: count }, (_, i) => {
      const place = start + size * i;
      if (size === 1) return view.getUint8(place);
      return size === 2
        ? view.getUint16(place, this.isLittle)
        : view.getUint32(place, this.isLittle);
    });
  }

  value(tag: number, byDefault: number): number {
    return this.values(tag)[0] ?? byDefault;
  }

  /** How the image should be turned, 1 to 8. */
  get orientation(): number {
    const orientation = this.value(TAG.orientation, 1);
    return orientation >= 1 && orientation <= 8 ? orientation : 1;
  }
}

/** How a TIFF's pixels are stored. */
interface Layout {
  readonly height: number;
  readonly width: number;
  readonly samples: number;
  readonly bits: number;
  readonly photometric: number;
  readonly compression: number;
  readonly isPlanar: boolean;
  readonly isUnassociated: boolean;
}

function layoutOf(directory: TiffDirectory): Layout {
  const samples = directory.value(TAG.samples, 1);
  const depths = directory.values(TAG.bits);
  const guess = samples >= 3 ? RGB : BLACK_IS_0;
  return {
    height: directory.value(TAG.height, 0),
    width: directory.value(TAG.width, 0),
    samples,
    bits: depths.every((bits) => bits === depths[0]) ? (depths[0] ?? 1) : 0,
    photometric: directory.value(TAG.photometric, guess),
    compression: directory.value(TAG.compression, 1),
    isPlanar: directory.value(TAG.planar, 1) === 2 && samples > 1,
    isUnassociated: directory.value(TAG.extraSamples, 0) === UNASSOCIATED,
  };
}

/** The header of a TIFF; undefined where a file is none. */
export function tiffImageHeader(view: DataView): ImageHeader | undefined {
  const directory = TiffDirectory.of(view);
  if (!directory) return undefined;
  const { height, width, samples, bits, photometric } = layoutOf(directory);
  // OpenCV takes a palette of two colours for grey.
  const isGray = photometric === WHITE_IS_0 || photometric === BLACK_IS_0 || bits === 1;
  const channels = isGray ? 1 : samples === 4 ? 4 : 3;
  return { format: "TIFF", height, width, channels, orientation: directory.orientation };
}

/**
 * Decodes a TIFF to what libtiff's RGBA interface makes of it, and so OpenCV: grey, colour (multiplied by its alpha), a
 * palette or CMYK, of 8 bits, or of 16 that become 8, in strips or tiles. Undefined where its compression is left to
 * a library.
 *
 * @throws FormatError where it is of a kind that OpenCV does not read, or cut short
 * @see https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf
 */
export function decodeTiff(bytes: Uint8Array): Raster | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const directory = TiffDirectory.of(view);
  if (!directory) throw new FormatError("it is no TIFF");
  const layout = layoutOf(directory);
  checkKind(layout, directory);
  const decode = codecs.get(layout.compression);
  if (!decode || directory.value(TAG.fillOrder, 1) !== 1) {
    if (layout.samples === 1 || layout.samples === 3) return undefined;
    throw new FormatError(
      `a TIFF of ${layout.samples} values a pixel that is compressed by method ${layout.compression}. Expected LZW, Deflate, PackBits or none`,
    );
  }
  return colored(samplesOf(bytes, directory, layout), layout, directory);
}

function checkKind(
  { samples, bits, photometric, compression }: Layout,
  directory: TiffDirectory,
): void {
  if (directory.value(TAG.sampleFormat, 1) === 3) {
    throw new FormatError(
      `a TIFF of ${bits}-bit floats. Expected whole numbers of 8 or 16 bits: convert it, or put floats into HDF5`,
    );
  }
  const kinds = [WHITE_IS_0, BLACK_IS_0, RGB, PALETTE, CMYK];
  const isKnown =
    (kinds.includes(photometric) || (photometric === YCBCR && compression === JPEG)) &&
    [1, 2, 4, 8, 16].includes(bits) &&
    samples >= (photometric === RGB ? 3 : photometric === CMYK ? 4 : 1) &&
    samples <= 4 &&
    (bits >= 8 || (samples === 1 && photometric !== RGB)) &&
    (bits !== 16 || (photometric !== CMYK && photometric !== PALETTE)) &&
    (photometric !== PALETTE || directory.values(TAG.palette).length >= 3 * 2 ** bits);
  if (!isKnown) {
    throw new FormatError(
      `a TIFF of ${samples} values of ${bits} bits a pixel, photometric interpretation ${photometric}. Expected grey, RGB, a palette or CMYK, of 8 or 16 bits: convert it, to PNG for one`,
    );
  }
}

/** All samples, row by row, those of a pixel side by side: 16 bits become 8, fewer stay what they are. */
function samplesOf(bytes: Uint8Array, directory: TiffDirectory, layout: Layout): Uint8Array {
  const { height, width, samples, bits, compression, isPlanar } = layout;
  const isTiled = directory.values(TAG.tileWidth).length > 0;
  const blockWidth = isTiled ? directory.value(TAG.tileWidth, 0) : width;
  const blockHeight = isTiled
    ? directory.value(TAG.tileHeight, 0)
    : Math.min(directory.value(TAG.rowsPerStrip, height), height);
  if (blockWidth < 1 || blockHeight < 1 || blockWidth * blockHeight > 2 ** 28) {
    throw new FormatError(`a TIFF of blocks of ${blockHeight}×${blockWidth}. Expected 1×1 or more`);
  }
  const offsets = directory.values(isTiled ? TAG.tileOffsets : TAG.stripOffsets);
  const lengths = directory.values(isTiled ? TAG.tileBytes : TAG.stripBytes);
  const [across, down] = [Math.ceil(width / blockWidth), Math.ceil(height / blockHeight)];
  const planes = isPlanar ? samples : 1;
  const inBlock = samples / planes;
  if (offsets.length < across * down * planes) {
    throw new FormatError(
      `a TIFF of ${offsets.length} blocks. Expected ${across * down * planes}; it is damaged or cut short`,
    );
  }
  const rowBytes = Math.ceil((blockWidth * inBlock * bits) / 8);
  const isPredicted = directory.value(TAG.predictor, 1) === 2 && compression !== 1;
  const out = new Uint8Array(height * width * samples);
  for (let block = 0; block < across * down * planes; block++) {
    const plane = Math.floor(block / (across * down));
    const x = (block % across) * blockWidth;
    const y = (Math.floor(block / across) % down) * blockHeight;
    const rows = Math.min(blockHeight, height - y);
    // A last strip ends with the image; tiles are whole.
    const needed = (isTiled ? blockHeight : rows) * rowBytes;
    const start = offsets[block] ?? 0;
    const length = lengths[block] ?? bytes.length - start;
    const data = codecs.get(compression)?.(bytes.subarray(start, start + length), needed);
    if (!data || data.length < rows * rowBytes) {
      throw new FormatError("a TIFF that is cut short. Expected a whole image");
    }
    if (isPredicted) undoDifferences(data, rowBytes, bits, inBlock, directory.isLittle);
    const columns = Math.min(blockWidth, width - x) * inBlock;
    const sample = sampleReader(data, layout, directory.isLittle);
    for (let row = 0; row < rows; row++) {
      let to = ((y + row) * width + x) * samples + plane;
      if (bits === 8 && planes === 1) {
        out.set(data.subarray(row * rowBytes, row * rowBytes + columns), to);
        continue;
      }
      for (let i = 0; i < columns; i++, to += planes) out[to] = sample(row * rowBytes, i);
    }
  }
  return out;
}

/** Gives sample `i` of the row that begins at a byte, as eight bits or fewer. */
function sampleReader(
  data: Uint8Array,
  { bits, photometric }: Layout,
  isLittle: boolean,
): (row: number, i: number) => number {
  if (bits === 8) return (row, i) => data[row + i] ?? 0;
  if (bits < 8) {
    const most = 2 ** bits - 1;
    return (row, i) =>
      ((data[row + ((i * bits) >> 3)] ?? 0) >> (8 - bits - ((i * bits) & 7))) & most;
  }
  const high = isLittle ? 1 : 0;
  // Of grey the upper byte is taken; colours are rounded.
  if (photometric !== RGB) return (row, i) => data[row + 2 * i + high] ?? 0;
  return (row, i) => {
    const at = row + 2 * i;
    return Math.trunc((256 * (data[at + high] ?? 0) + (data[at + 1 - high] ?? 0) + 128) / 257);
  };
}

/** Samples become grey, or blue, green and red, and a fourth channel where a pixel has four samples. */
function colored(values: Uint8Array, layout: Layout, directory: TiffDirectory): Raster {
  const { height, width, samples, bits, photometric, isUnassociated } = layout;
  const count = height * width;
  const most = bits < 8 ? 2 ** bits - 1 : 255;
  if (photometric === WHITE_IS_0 || photometric === BLACK_IS_0) {
    const gray = new Uint8Array(count);
    for (let i = 0; i < count; i++) {
      const value = values[i * samples] ?? 0;
      gray[i] = Math.trunc(((photometric === BLACK_IS_0 ? value : most - value) * 255) / most);
    }
    return interleaved(gray, 1, height, width);
  }
  const channels = samples === 4 ? 4 : 3;
  const pixels = new Uint8Array(count * channels);
  const palette = photometric === PALETTE ? directory.values(TAG.palette) : [];
  // Some write palettes of eight bits.
  const shift = palette.some((value) => value > 255) ? 8 : 0;
  const colors = 2 ** bits;
  for (let i = 0; i < count; i++) {
    const [from, to] = [i * samples, i * channels];
    const fourth = values[from + 3] ?? 0;
    for (let c = 0; c < 3; c++) {
      // Red comes first.
      const value = values[from + 2 - c] ?? 0;
      if (photometric === PALETTE) {
        pixels[to + c] = (palette[(2 - c) * colors + (values[from] ?? 0)] ?? 0) >> shift;
      } else if (photometric === CMYK) {
        pixels[to + c] = Math.trunc(((255 - fourth) * (255 - value)) / 255);
      } else if (channels === 4 && isUnassociated) {
        pixels[to + c] = Math.trunc((value * fourth + 127) / 255);
      } else pixels[to + c] = value;
    }
    if (channels === 4) pixels[to + 3] = photometric === CMYK ? 255 : fourth;
  }
  return interleaved(pixels, channels, height, width);
}
