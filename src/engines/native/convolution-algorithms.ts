import type { ConvolutionDescriptor } from "../engine.ts";
import type { Addon, ConvolutionShapes, ElementType, Primitive } from "./addon.ts";
import type { Tuner } from "./tuner.ts";
import { type Algorithm, algorithmsFor, type Tile, tileOf } from "./winograd.ts";

/** A primitive of one direction, made with one of its algorithms: the library's, or ours of a tile. */
export type MakeBy<T> = (algorithm: Algorithm) => T;

/** What a direction of a convolution can be computed by. */
export class Algorithms {
  readonly #tuner: Tuner;
  readonly #names: readonly Algorithm[];
  readonly #forward: readonly Algorithm[];

  constructor(tuner: Tuner, d: ConvolutionDescriptor, { lanes }: Addon, type: ElementType) {
    this.#tuner = tuner;
    const names = algorithmsFor(d, lanes);
    // The library has Winograd's algorithm for floats alone.
    this.#names = type === "f32" ? names : names.filter((name) => name !== "winograd");
    this.#forward = suitsLoops(d, lanes, type) ? [...this.#names, "loops"] : this.#names;
  }

  /** The fastest of one direction. */
  fastest<T extends Primitive>(
    direction: string,
    shapes: ConvolutionShapes,
    make: MakeBy<T>,
    run: (primitive: T) => void,
  ): { readonly algorithm: Algorithm; readonly primitive: T } {
    const names = direction === "forward" ? this.#forward : this.#names;
    const among = names.length > 1 ? `${direction} by ${names.join(" ")}` : direction;
    return this.#tuner.choose(
      `${among} ${JSON.stringify(shapes)}`,
      names,
      (name) => ({ algorithm: name as Algorithm, primitive: make(name as Algorithm) }),
      ({ primitive }) => run(primitive),
    );
  }
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
    const tile = tileOf(algorithm);
    return tile
      ? own(shapes, tile)
      : library({ ...shapes, algorithm: algorithm as ConvolutionShapes["algorithm"] });
  };
}
