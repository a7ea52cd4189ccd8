import type { ElementType } from "./buffer.ts";

/** What becomes of sums of products of bytes, in this order. */
export interface BytesWayOut {
  readonly src: ElementType;
  readonly dst: ElementType;
  /** What those of each output are multiplied by. */
  readonly factors: Float32Array;
  /** What dst holds as `sumType` is multiplied by that and added; NaN for nothing. */
  readonly sumScale: number;
  readonly sumType: ElementType;
  /** Slope below zero, and an end above; NaN for none. */
  readonly slope: number;
  readonly ceiling: number;
}
