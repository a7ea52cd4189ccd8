import { encodeImage } from "../io/images/encode.ts";
import type { TensorBoardMessage } from "./message.ts";

/** Numbers in planes, blue first where there are three. */
export interface Planes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly values: ArrayLike<number>;
}

/** Pixels between filters. */
const GAP = 1;

/** Whether planes can be shown as a picture: there are one or three of them. */
export function isPicture(channels: number, height: number, width: number): boolean {
  return (channels === 1 || channels === 3) && height * width > 1;
}

/** A picture as TensorBoard shows it; its least number is black and its greatest white. */
export async function pictureValue(
  tag: string,
  { channels, height, width, values }: Planes,
): Promise<TensorBoardMessage<"SummaryValue">> {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const scale = most > least ? 255 / (most - least) : 0;
  // What is no number is black.
  const data = Uint8ClampedArray.from(values, (value) => (value - least) * scale);
  const image = { channels, height, width, data: new Uint8Array(data.buffer) };
  const encoded_image_string = await encodeImage(image, "png");
  return { tag, image: { height, width, colorspace: channels, encoded_image_string } };
}

/** Filters of one or three channels side by side and below one another, as near to a square as they go. */
export function tiled(count: number, { channels, height, width, values }: Planes): Planes {
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  const [tall, wide] = [rows * (height + GAP) - GAP, columns * (width + GAP) - GAP];
  const size = height * width;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < count * channels * size; i++) least = Math.min(least, values[i] as number);
  const all = new Float32Array(channels * tall * wide).fill(least);
  for (let n = 0; n < count; n++) {
    const corner = Math.floor(n / columns) * (height + GAP) * wide + (n % columns) * (width + GAP);
    for (let c = 0; c < channels; c++) {
      for (let i = 0; i < size; i++) {
        const to = c * tall * wide + corner + Math.floor(i / width) * wide + (i % width);
        all[to] = values[(n * channels + c) * size + i] as number;
      }
    }
  }
  return { channels, height: tall, width: wide, values: all };
}
