import type { FloatArray } from "../../util/arrays.ts";
import type { Random } from "../../util/random.ts";
import type { Raster } from "./raster.ts";

/** Random changes of training images beyond Caffe's own; the fields of transform_param. */
export interface Augmentation {
  /** The image is seen at a size between these, 1 being its own. */
  readonly minScale: number;
  readonly maxScale: number;
  /** It is turned by up to so many degrees, either way. */
  readonly maxRotation: number;
  /** Each is a share: values are multiplied by 1 ± brightness, moved away from their mean by 1 ± contrast, and from the pixel's grey by 1 ± saturation. */
  readonly brightness: number;
  readonly contrast: number;
  readonly saturation: number;
  /** Colours are turned by up to so many degrees, either way. */
  readonly hue: number;
  /** Side of a square that is blotted out; 0 for none. */
  readonly cutoutSize: number;
}

/** Where an output's pixels lie in the image: x = left + a·column − b·row, y = top + b·column + a·row. */
export interface View {
  readonly height: number;
  readonly width: number;
  readonly left: number;
  readonly top: number;
  readonly a: number;
  readonly b: number;
  readonly isMirrored: boolean;
}

/**
 * Draws how a height×width cut out of an image is seen: scale, rotation, place, mirroring, in this order. An image
 * that would be smaller than the cut is seen just large enough.
 */
export function drawView(
  image: Pick<Raster, "height" | "width">,
  height: number,
  width: number,
  mirror: boolean,
  { minScale, maxScale, maxRotation }: Augmentation,
  random: Random,
): View {
  const isWhole = height === image.height && width === image.width;
  const drawn = random.uniform(minScale, maxScale);
  const scale = isWhole ? drawn : Math.max(drawn, height / image.height, width / image.width);
  const angle = (random.uniform(-maxRotation, maxRotation) * Math.PI) / 180;
  // The cut's centre, seen from the image's, in pixels of the output.
  const [roomY, roomX] = isWhole
    ? [0, 0]
    : [
        Math.max(Math.round(image.height * scale) - height, 0),
        Math.max(Math.round(image.width * scale) - width, 0),
      ];
  const centreY = random.below(roomY + 1) - roomY / 2;
  const centreX = random.below(roomX + 1) - roomX / 2;
  const [a, b] = [Math.cos(angle) / scale, Math.sin(angle) / scale];
  // Output pixel (0, 0), seen from the image's centre.
  const [y, x] = [centreY - height / 2 + 0.5, centreX - width / 2 + 0.5];
  return {
    height,
    width,
    left: image.width / 2 - 0.5 + a * x - b * y,
    top: image.height / 2 - 0.5 + b * x + a * y,
    a,
    b,
    isMirrored: mirror && random.below(2) === 1,
  };
}

/** Fills `out`, channel by channel, with what a view sees: bilinear, and beyond the edge the edge's own pixels. */
export function sampleView(image: Raster, view: View, out: FloatArray): void {
  const { data, channels, offset, channelStep, rowStep, columnStep } = image;
  const { height, width, left, top, a, b, isMirrored } = view;
  const [lastX, lastY] = [image.width - 1, image.height - 1];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const x = Math.min(Math.max(left + a * column - b * row, 0), lastX);
      const y = Math.min(Math.max(top + b * column + a * row, 0), lastY);
      const [x0, y0] = [Math.floor(x), Math.floor(y)];
      const [fx, fy] = [x - x0, y - y0];
      const right = x0 < lastX ? columnStep : 0;
      const below = y0 < lastY ? rowStep : 0;
      let from = offset + y0 * rowStep + x0 * columnStep;
      let to = row * width + (isMirrored ? width - 1 - column : column);
      for (let c = 0; c < channels; c++, from += channelStep, to += height * width) {
        const upper = (data[from] as number) * (1 - fx) + (data[from + right] as number) * fx;
        const lower =
          (data[from + below] as number) * (1 - fx) + (data[from + below + right] as number) * fx;
        out[to] = upper * (1 - fy) + lower * fy;
      }
    }
  }
}

/** Shares of blue, green and red in a pixel's grey. */
const GREY = [0.114, 0.587, 0.299] as const;

/**
 * Changes brightness, contrast, saturation and hue of an image with values 0 to 255, channel by channel and blue
 * first; images without three channels keep their colours. Nothing is drawn for a share of 0.
 *
 * The changes are one matrix and a constant for each channel: y = M·x + t, cut off at 0 and 255.
 *
 * @see Howard, 2013, section 2
 */
export function jitterColors(
  out: FloatArray,
  [channels, height, width]: readonly [number, number, number],
  { brightness, contrast, saturation, hue }: Augmentation,
  random: Random,
): void {
  const around1 = (share: number): number =>
    share > 0 ? random.uniform(Math.max(0, 1 - share), 1 + share) : 1;
  const gain = around1(brightness);
  const spread = around1(contrast);
  const isColor = channels === 3;
  const vividness = isColor ? around1(saturation) : 1;
  const turn = isColor && hue > 0 ? (random.uniform(-hue, hue) * Math.PI) / 180 : 0;
  if (gain === 1 && spread === 1 && vividness === 1 && turn === 0) return;
  const size = height * width;
  const middle = spread === 1 ? 0 : meanGrey(out, channels, size) * gain;
  const constant = middle * (1 - spread);
  const matrix = isColor ? colourMatrix(vividness, turn) : [1];
  for (let i = 0; i < size; i++) {
    if (!isColor) {
      for (let c = 0; c < channels; c++) {
        out[c * size + i] = within((out[c * size + i] ?? 0) * gain * spread + constant);
      }
      continue;
    }
    const [blue, green, red] = [out[i] ?? 0, out[size + i] ?? 0, out[2 * size + i] ?? 0];
    for (let c = 0; c < 3; c++) {
      const turned =
        (matrix[3 * c] ?? 0) * blue +
        (matrix[3 * c + 1] ?? 0) * green +
        (matrix[3 * c + 2] ?? 0) * red;
      out[c * size + i] = within(turned * gain * spread + constant);
    }
  }
}

function within(value: number): number {
  return Math.min(Math.max(value, 0), 255);
}

function meanGrey(values: FloatArray, channels: number, size: number): number {
  let sum = 0;
  for (let c = 0; c < channels; c++) {
    const share = channels === 3 ? (GREY[c] ?? 0) : 1 / channels;
    for (let i = c * size; i < (c + 1) * size; i++) sum += share * (values[i] ?? 0);
  }
  return sum / size;
}

/**
 * Turns and stretches the chroma (U, V) of colours; their grey stays. Rows and columns: blue, green, red.
 * @see ITU-R BT.601
 */
function colourMatrix(stretch: number, turn: number): number[] {
  const [ofBlue, ofGreen, ofRed] = GREY;
  const [unitU, unitV] = [0.492, 0.877];
  const [cos, sin] = [stretch * Math.cos(turn), stretch * Math.sin(turn)];
  const columns = [0, 1, 2].map((channel) => {
    // What becomes of 1 in one channel alone.
    const grey = GREY[channel] ?? 0;
    const u = unitU * ((channel === 0 ? 1 : 0) - grey);
    const v = unitV * ((channel === 2 ? 1 : 0) - grey);
    const blue = grey + (cos * u - sin * v) / unitU;
    const red = grey + (sin * u + cos * v) / unitV;
    return [blue, (grey - ofBlue * blue - ofRed * red) / ofGreen, red];
  });
  return [0, 1, 2].flatMap((row) => columns.map((column) => column[row] ?? 0));
}

/**
 * Sets a square to 0, which is the mean once that has been subtracted. Its centre is any pixel, so it may reach
 * beyond the edge.
 *
 * @see DeVries & Taylor, 2017
 */
export function cutOut(
  out: FloatArray,
  [channels, height, width]: readonly [number, number, number],
  { cutoutSize }: Augmentation,
  random: Random,
): void {
  if (cutoutSize === 0) return;
  const top = random.below(height) - (cutoutSize >> 1);
  const left = random.below(width) - (cutoutSize >> 1);
  const [from, to] = [Math.max(left, 0), Math.min(left + cutoutSize, width)];
  for (let c = 0; c < channels; c++) {
    for (let y = Math.max(top, 0); y < Math.min(top + cutoutSize, height); y++) {
      const row = (c * height + y) * width;
      out.fill(0, row + from, row + to);
    }
  }
}
