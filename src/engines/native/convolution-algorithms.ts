import { countOf } from "../../util/shape.ts";
import type { ConvolutionDescriptor } from "../engine.ts";
import type { Addon, ConvolutionShapes, ElementType, Primitive } from "./addon.ts";
import type { Tuner } from "./tuner.ts";
import { type Algorithm, algorithmsFor, type Tile, tileOf } from "./winograd.ts";

/** A primitive of one direction, made with one of its algorithms: the library's, or ours of a tile. */
export type MakeBy<T> = (algorithm: Algorithm) => T;

/** Shapes as those that are alike have them: images and places up to the next power of two, whatever lies behind the last window. */
export function kindOf(shapes: ConvolutionShapes): Omit<ConvolutionShapes, "padRight"> {
  const { padRight: _, src, dst, ...others } = shapes;
  const near = ([n = 1, c = 1, ...places]: readonly number[]): number[] => [
    powerOfTwo(n),
    c,
    ...places.map(powerOfTwo),
  ];
  return { ...others, src: near(src), dst: near(dst) };
}

function powerOfTwo(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(atLeast));
}

/** Floats that a convolution reads and writes. */
function floatsOf({ src, weights, dst }: ConvolutionShapes): number {
  return countOf(src) + countOf(weights) + countOf(dst);
}

/** What a direction of a convolution can be computed by. */
export class Algorithms {
  readonly #tuner: Tuner;
  readonly #names: readonly Algorithm[];
  readonly #forward: readonly Algorithm[];
  /** What tells trials of weights that stay, which may be transformed once, from others. */
  readonly #weights: string;

  constructor(tuner: Tuner, d: ConvolutionDescriptor, { lanes }: Addon, type: ElementType) {
    this.#tuner = tuner;
    this.#weights = d.isForwardOnly ? ", weights that stay" : "";
    const names = algorithmsFor(d, lanes);
    this.#names = type === "f32" ? names : names.filter((name) => suitsBf16(name, d));
    this.#forward = suitsLoops(d, lanes, type) ? [...this.#names, "loops"] : this.#names;
  }

  /**
   * The fastest of one direction.
   * @param more names of others that come into question there
   */
  fastest<T extends Primitive>(
    direction: string,
    shapes: ConvolutionShapes,
    make: MakeBy<T>,
    run: (primitive: T) => void,
    more: readonly Algorithm[] = [],
  ): { readonly algorithm: Algorithm; readonly primitive: T } {
    const names = [...(direction === "forward" ? this.#forward : this.#names), ...more];
    const by = names.length > 1 ? ` by ${names.join(" ")}` : "";
    const among = `${direction}${by}${this.#weights}`;
    // Ours works in a few tiles at a time, the library's in all of them.
    const most = direction === "forward" ? floatsOf(shapes) : Number.POSITIVE_INFINITY;
    return this.#tuner.choose(
      `${among} ${JSON.stringify(shapes)}`,
      names,
      (name) => ({ algorithm: name as Algorithm, primitive: make(name as Algorithm) }),
      ({ primitive }) => run(primitive),
      {
        kind: `${among} like ${JSON.stringify(kindOf(shapes))}`,
        isWorth: ({ algorithm, primitive }) =>
          algorithm !== "winograd" || primitive.scratch <= most,
      },
    );
  }
}

/**
 * Whether bfloat16 may be convolved so. The library has Winograd's algorithm for floats alone. Ours multiplies transformed tiles of 3×3
 * windows as bfloat16: F(4×4)'s errors of 1 % are for training, whose gradients are noisier than that, and not for a net that is used.
 */
function suitsBf16(
  algorithm: Algorithm,
  { kernel, isForwardOnly }: ConvolutionDescriptor,
): boolean {
  return algorithm !== "winograd" && !(isForwardOnly && kernel[0] === 3 && algorithm === "F(4x4)");
}

/**
 * Whether loops of ours may be faster than the library's direct convolution: where each channel has a window of its own, or there are
 * not as many channels as fill blocks, which the library fills with zeros and multiplies too.
 */
function suitsLoops(d: ConvolutionDescriptor, lanes: number, type: ElementType): boolean {
  const { groups, inputChannels, outputChannels, kernel } = d;
  if (type !== "f32" || kernel.length !== 2) return false;
  if (groups > 1) return groups === inputChannels && groups === outputChannels;
  return inputChannels % lanes !== 0 || outputChannels % lanes !== 0;
}

/** Makes primitives of those shapes, by what the library has and what is ours. */
export function makerOf<T>(
  shapes: ConvolutionShapes,
  library: (shapes: ConvolutionShapes) => T,
  own: (shapes: ConvolutionShapes, tile: Tile) => T,
  loops?: (shapes: ConvolutionShapes) => T,
): MakeBy<T> {
  return (algorithm) => {
    if (algorithm === "loops" && loops) return loops(shapes);
    if (algorithm === "floats") return library({ ...shapes, type: "f32" });
    const tile = tileOf(algorithm);
    return tile
      ? own(shapes, tile)
      : library({ ...shapes, algorithm: algorithm as ConvolutionShapes["algorithm"] });
  };
}
