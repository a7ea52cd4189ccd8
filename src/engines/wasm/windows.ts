import { countOf, type Shape } from "../../util/shape.ts";
import type { ConvolutionDescriptor } from "../engine.ts";
import type { Arrays } from "./arrays.ts";
import type { Block } from "./heap.ts";
import type { Address } from "./kernels.ts";

/**
 * Where the elements of a convolution's windows lie in the channels of one group, with padding around each: the tables
 * that wasm/columns.ts reads.
 */
export class Windows {
  /** Elements of a window, over all channels of a group; positions of windows. */
  readonly elements: number;
  readonly positions: number;
  /** Floats of a group's channels with their padding. */
  readonly paddedSize: number;
  readonly isPadded: boolean;
  readonly #arrays: Arrays;
  /** Rows of a group's channels, and how long each is. */
  readonly #rows: number;
  readonly #length: number;
  readonly #tables: { readonly positions: Block; readonly elements: Block; readonly starts: Block };

  constructor(arrays: Arrays, d: ConvolutionDescriptor) {
    this.#arrays = arrays;
    const channels = d.inputChannels / d.groups;
    const padded = d.input.map((length, a) => {
      const reach = (d.output[a]! - 1) * d.stride[a]! + (d.kernel[a]! - 1) * d.dilation[a]! + 1;
      return d.pad[a]! + Math.max(length, reach - d.pad[a]!);
    });
    this.isPadded = padded.some((length, a) => length !== d.input[a]);
    this.elements = channels * countOf(d.kernel);
    this.positions = countOf(d.output);
    this.paddedSize = channels * countOf(padded);
    this.#length = d.input.at(-1) ?? 1;
    this.#rows = channels * countOf(d.input.slice(0, -1));
    const steps = padded.map((_, a) => countOf(padded, a + 1));
    const ones = d.input.map(() => 1);
    const rowSteps = steps.slice(0, -1);
    // The first axis of elements and rows is the channel's.
    const ofChannel = countOf(padded);
    const corner = d.pad.reduce((sum, pad, a) => sum + pad * steps[a]!, 0);
    this.#tables = {
      positions: this.#table(d.output, d.stride, steps, 0),
      elements: this.#table([channels, ...d.kernel], [1, ...d.dilation], [ofChannel, ...steps], 0),
      starts: this.#table(
        [channels, ...d.input.slice(0, -1)],
        [1, ...ones.slice(0, -1)],
        [ofChannel, ...rowSteps],
        corner,
      ),
    };
  }

  /** The table of positions from that one on, and of elements. */
  positionsFrom(first: number): Address {
    return this.#tables.positions.at + 4 * first;
  }

  elementsFrom(first: number): Address {
    return this.#tables.elements.at + 4 * first;
  }

  /** Copies a group's channels of an image into `padded`, whose padding is 0. */
  pad(image: Address, padded: Address): void {
    const { padRows } = this.#arrays.kernels;
    padRows(this.#rows, this.#length, image, this.#tables.starts.at, padded);
  }

  /** Copies them back. */
  cut(padded: Address, image: Address): void {
    const { cutRows } = this.#arrays.kernels;
    cutRows(this.#rows, this.#length, padded, this.#tables.starts.at, image);
  }

  /** Bytes from `origin` to each point of a grid, row by row. */
  #table(grid: Shape, strides: Shape, steps: Shape, origin: number): Block {
    const count = countOf(grid);
    const { heap } = this.#arrays;
    const block = heap.keep(count);
    const table = new Int32Array(heap.floats.buffer, block.at, count);
    for (let i = 0; i < count; i++) {
      let at = origin;
      let rest = i;
      for (let a = grid.length - 1; a >= 0; a--) {
        at += (rest % grid[a]!) * strides[a]! * steps[a]!;
        rest = Math.floor(rest / grid[a]!);
      }
      table[i] = 4 * at;
    }
    return block;
  }
}
