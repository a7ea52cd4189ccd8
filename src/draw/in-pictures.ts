import type { FloatImage } from "../float-images/float-image.ts";
import { loadSharp } from "../io/images/sharp.ts";
import { CaffeError } from "../util/errors.ts";
import { xmlText } from "../util/xml.ts";
import { boxColour, type Colour, mapColour } from "./palette.ts";

/** A thing found in a picture, as `ObjectDetector` gives it. */
interface Marked {
  readonly label: number;
  readonly name: string;
  readonly score: number;
  readonly box: {
    readonly xmin: number;
    readonly ymin: number;
    readonly xmax: number;
    readonly ymax: number;
  };
}

/** Which class every pixel of a picture belongs to, as `Segmenter` gives it. */
interface LabelMap {
  readonly height: number;
  readonly width: number;
  readonly labels: ArrayLike<number>;
  readonly classes: readonly { readonly label: number; readonly name: string }[];
}

/** Widths of characters in a font of fixed width, in its height. */
const NARROW = 0.602;
const WIDE = 1;

/**
 * The picture with boxes around things, each with its name and score in its class's colour, the best in front.
 * @returns three channels, red first
 * @throws CaffeError where the picture has neither one channel nor three
 */
export async function drawDetections(
  picture: FloatImage,
  objects: readonly Marked[],
): Promise<FloatImage> {
  const [height, width] = picture.shape;
  const side = Math.min(height, width);
  const thick = Math.max(1, Math.round(side / 160));
  const font = fontFor(height, width);
  const marks = objects.toReversed().map(({ label, name, score, box }) => {
    const colour = rgb(boxColour(label));
    // In the middle of pixels, or between them, a line covers whole ones; it lies within the picture.
    const line = (edge: number, end: number): number => {
      const at = Math.round(edge) + (thick % 2) / 2;
      return Math.max(thick / 2, Math.min(at, end - thick / 2));
    };
    const [xmin, xmax] = [line(box.xmin, width), line(box.xmax, width)];
    const [ymin, ymax] = [line(box.ymin, height), line(box.ymax, height)];
    const rectangle = `<rect x="${xmin}" y="${ymin}" width="${xmax - xmin}" height="${ymax - ymin}" fill="none" stroke="${colour}" stroke-width="${thick}"/>`;
    const text = `${name} ${score.toFixed(2)}`;
    const left = Math.max(0, Math.min(xmin - thick / 2, width - tagWidth(text, font)));
    // Above the box, or within it where there is no room above.
    const top = Math.max(0, ymin >= 1.25 * font ? ymin - 1.25 * font : ymin);
    return rectangle + tag(text, left, top, font, colour);
  });
  return withSvg(picture, marks.join(""));
}

/** How classes are drawn. */
export interface SegmentationColours {
  /** The colour of each class by its number; of those behind, and by default, PASCAL VOC's. */
  readonly palette?: readonly Colour[] | undefined;
  /** How much of the colours is seen: 1 covers the picture, 0 shows it alone; 0.6 by default. Black covers nothing. */
  readonly share?: number | undefined;
}

/**
 * The picture in the colours of the classes of its pixels, and in a corner what they are called.
 * @throws CaffeError where the picture is of another size than the map
 */
export async function drawSegmentation(
  picture: FloatImage,
  map: LabelMap,
  { palette = [], share = 0.6 }: SegmentationColours = {},
): Promise<FloatImage> {
  const [height, width] = picture.shape;
  if (map.height !== height || map.width !== width) {
    throw new CaffeError(
      `a map of ${map.height}×${map.width} for a picture of ${height}×${width}. Expected equal sizes.`,
    );
  }
  const { data: colours } = labelColours(map, palette);
  const { data } = inColour(picture);
  const mixed = Float32Array.from(data);
  for (let i = 0; i < mixed.length; i += 3) {
    if (colours[i] === 0 && colours[i + 1] === 0 && colours[i + 2] === 0) continue;
    for (let c = i; c < i + 3; c++) {
      mixed[c] = (data[c] ?? 0) * (1 - share) + (colours[c] ?? 0) * share;
    }
  }
  const font = fontFor(height, width);
  const tags = map.classes.map(({ label, name }, i) => {
    const top = font / 2 + i * 1.35 * font;
    return tag(name, font / 2, top, font, rgb(palette[label] ?? mapColour(label)));
  });
  return withSvg({ shape: [height, width, 3], data: mixed }, tags.join(""));
}

/** A map of classes as a picture: each in its colour of the palette, or in PASCAL VOC's. */
export function labelColours(
  { height, width, labels }: LabelMap,
  palette: readonly Colour[] = [],
): FloatImage {
  const data = new Float32Array(3 * height * width);
  const known = new Map<number, Colour>();
  for (let i = 0; i < height * width; i++) {
    const label = labels[i] ?? 0;
    let colour = known.get(label);
    if (!colour) {
      colour = palette[label] ?? mapColour(label);
      known.set(label, colour);
    }
    for (let c = 0; c < 3; c++) data[3 * i + c] = (colour[c] ?? 0) / 255;
  }
  return { shape: [height, width, 3], data };
}

/** The height of letters in a picture of that size. */
function fontFor(height: number, width: number): number {
  return Math.max(10, Math.round(Math.min(height, width) / 26));
}

/** A text on a ground of that colour. */
function tag(text: string, left: number, top: number, font: number, colour: string): string {
  const width = tagWidth(text, font);
  return [
    `<rect x="${left}" y="${top}" width="${width}" height="${1.25 * font}" fill="${colour}"/>`,
    `<text x="${left + 0.25 * font}" y="${top + 0.95 * font}" fill="white" font-size="${font}" xml:space="preserve">${xmlText(text)}</text>`,
  ].join("");
}

/** How wide a text is with its ground. */
function tagWidth(text: string, font: number): number {
  const isWide = (character: string): boolean => (character.codePointAt(0) ?? 0) >= 0x1100;
  const width = [...text].reduce((sum, one) => sum + (isWide(one) ? WIDE : NARROW), 0);
  return (width + 0.5) * font;
}

function rgb(colour: Colour): string {
  return `rgb(${colour.join(",")})`;
}

/** A picture with an SVG's elements drawn over it. */
async function withSvg(picture: FloatImage, elements: string): Promise<FloatImage> {
  const { shape, data } = inColour(picture);
  const [height, width] = shape;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="DejaVu Sans Mono, Liberation Mono, Menlo, Consolas, monospace">${elements}</svg>`;
  const pixels = Uint8Array.from(data, (value) =>
    Math.round(255 * Math.min(1, Math.max(0, value))),
  );
  const sharp = await loadSharp();
  const drawn = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .composite([{ input: Buffer.from(svg) }])
    .removeAlpha()
    .raw()
    .toBuffer();
  return { shape, data: Float32Array.from(drawn, (value) => value / 255) };
}

/** The picture with three channels. */
function inColour(
  picture: FloatImage,
): FloatImage & { readonly shape: readonly [number, number, number] } {
  const [height, width, channels] = picture.shape;
  if (channels === 3) return picture;
  if (channels !== 1) {
    throw new CaffeError(`a picture of ${channels} channels. Expected 1 or 3.`);
  }
  const data = new Float32Array(3 * height * width);
  for (let i = 0; i < data.length; i++) data[i] = picture.data[Math.floor(i / 3)] ?? 0;
  return { shape: [height, width, 3], data };
}
