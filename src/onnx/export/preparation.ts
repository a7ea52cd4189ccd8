import { CaffeError } from "../../util/errors.ts";
import { countOf, type Shape } from "../../util/shape.ts";
import type { GraphBuilder } from "../graph/graph-builder.ts";
import { line } from "../graph/operators.ts";

/**
 * What is done to pictures N×C×H×W, red first, of 0 to 255, before the net sees them:
 *
 *     y(c) = (x(channelSwap(c)) · rawScale / 255 − mean(c)) · scale
 */
export interface Preparation {
  /** 255 by default. */
  readonly rawScale?: number | undefined;
  /** Which channel comes first, second, …; all in their places by default. */
  readonly channelSwap?: readonly number[] | undefined;
  /** One for each channel, or one for all; 0 by default. */
  readonly mean?: readonly number[] | undefined;
  /** 1 by default. */
  readonly scale?: number | undefined;
}

/** The numbers of a preparation for so many channels. */
function numbersOf(
  { rawScale = 255, channelSwap, mean = [0], scale = 1 }: Preparation,
  channels: number,
): {
  readonly raw: number;
  readonly order: number[];
  readonly means: number[];
  readonly scale: number;
} {
  const own = Array.from({ length: channels }, (_, c) => c);
  const order = [...(channelSwap ?? own)];
  if ([...order].sort((a, b) => a - b).join() !== own.join()) {
    throw new CaffeError(
      `channelSwap is ${order.join(", ")} for ${channels} channels. Expected each of ${own.join(", ")} once.`,
    );
  }
  if (mean.length !== 1 && mean.length !== channels) {
    throw new CaffeError(
      `${mean.length} means for ${channels} channels. Expected one, or one for each.`,
    );
  }
  return { raw: rawScale / 255, order, means: own.map((c) => mean[c] ?? mean[0] ?? 0), scale };
}

/** Nodes that prepare an input of so many channels. */
export function prepareInGraph(
  g: GraphBuilder,
  input: string,
  channels: number,
  preparation: Preparation,
): string {
  const { raw, order, means, scale } = numbersOf(preparation, channels);
  const isMoved = order.some((from, c) => from !== c);
  const moved = isMoved ? g.op("Gather", [input, g.ints(order)], { axis: 1 }) : input;
  const sized = line(g, moved, raw, 0);
  const centered = means.some((mean) => mean !== 0)
    ? g.op("Sub", [sized, g.floats(means, [1, channels, 1, 1])])
    : sized;
  return line(g, centered, scale, 0);
}

/** The same of pixels N×C×H×W, worked out here. */
export function prepareValues(
  pixels: ArrayLike<number>,
  shape: Shape,
  preparation: Preparation,
): Float32Array {
  const channels = shape[1] ?? 1;
  const { raw, order, means, scale } = numbersOf(preparation, channels);
  const size = countOf(shape, 2);
  return Float32Array.from(pixels, (_, i) => {
    const [place, plane] = [i % size, Math.floor(i / size)];
    const c = plane % channels;
    const from = (plane - c + order[c]!) * size + place;
    return (pixels[from]! * raw - means[c]!) * scale;
  });
}
