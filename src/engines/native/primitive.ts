import type { Buffer, ElementType } from "./buffer.ts";

/** A oneDNN memory layout: dims, and where each element lies. */
export interface Layout {
  /** Equal for equal layouts. */
  readonly key: string;
  readonly dims: readonly number[];
  readonly type: ElementType;
  /** What numbers are multiplied by where they are kept as bytes; 1 elsewhere. */
  readonly scale: number;
  /** Elements, and elements with padding. */
  readonly count: number;
  readonly stored: number;
  /** How many floats of memory that takes. */
  readonly floats: number;
  /** How many neighbouring channels lie together; 0 where the layout is of another kind. */
  readonly block: number;
  /** Row-major floats without padding. */
  readonly isPlain: boolean;
}

/**
 * A primitive, oneDNN's or of ours: its layouts by argument, and how to run it with one buffer for each, in order, and behind them
 * `scratch` floats to work in, where that is not 0.
 */
export interface Primitive<Names extends string = string> {
  readonly layouts: Readonly<Record<Names, Layout>>;
  readonly implementation: string;
  readonly scratch: number;
  /** Whether channels that only fill a block are 0 in what it gives; else they are to be made so. */
  readonly clearsPadding?: boolean;
  run(...buffers: readonly Buffer[]): void;
}

/**
 * Calls that are made again all at once. It keeps the addresses of what they are given: who holds it keeps the arrays and primitives, and does
 * not play it once a typed array has lost its memory.
 */
export interface NativeTape {
  /** @param called a function of the addon that goes over arrays of floats by its name, or the primitive that runs */
  add(called: string | Primitive, args: readonly unknown[], limit?: number): void;
  /** @returns false as soon as a result is greater than its limit */
  play(): boolean;
}
