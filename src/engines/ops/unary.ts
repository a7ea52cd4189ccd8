import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { FloatArray } from "../../util/arrays.ts";
import type { RandomKey } from "../../util/random-bits.ts";

/** Numbers that a kernel takes besides its arrays. */
export type Params = Readonly<Record<string, number>>;

/** One elementwise function and its derivative, in the language of each engine: all there is to say about it. */
export interface UnaryKernel<P extends Params = Params> {
  readonly name: string;
  /** The meaning: plain loops, no tricks. Every other entry is tested against it. */
  readonly reference: {
    forward(n: number, x: FloatArray, y: FloatArray, p: P): void;
    /** x or y may be the same array where the layer runs in place. */
    backward(n: number, x: FloatArray, y: FloatArray, dy: FloatArray, dx: FloatArray, p: P): void;
  };
  /** backward cannot do with y alone: a layer that runs in place must keep x. */
  readonly backwardReadsX?: true;
  /** backward reads y, where the layer has a top of its own too. */
  readonly backwardReadsY?: true;
  /** The addon's function of the same name (native/src/unary.cc) has this meaning, and takes these numbers. */
  readonly native?: readonly (keyof P & string)[];
  /**
   * WGSL expressions of one element: forward of `x`, backward of `x`, `y` and `dy`; numbers are `p.<name>`.
   * WGSL's own functions lose what is no number on some adapters, and overflow quietly: `larger`, `smaller`, `signOf`,
   * `expOf`, `logOf`, `rootOf`, `powerOf`, `tanhOf` and `sigmoidOf` (engines/webgpu/numbers.wgsl) do neither.
   */
  readonly wgsl?: { readonly forward: string; readonly backward: string };
}

/** What another primitive may do to its result on the way out: an elementwise function, a line per channel, a sum, or dropout. */
export type PostOp =
  | {
      readonly kind: "unary";
      readonly kernel: UnaryKernel<Params>;
      readonly params: Params;
    }
  | {
      /** y = x · scale + bias, one of each per channel (axis 1). Gradients are added to those that are given. */
      readonly kind: "scale";
      readonly scale: SyncedMem;
      readonly bias: SyncedMem | undefined;
      /** Where it is there, bias is −center · scale: who can makes (x − center) · scale of it, which loses nothing far from 0. */
      readonly center?: SyncedMem;
      readonly dScale: SyncedMem | undefined;
      readonly dBias: SyncedMem | undefined;
    }
  | {
      /** y = x + other, an array of the same shape. */
      readonly kind: "sum";
      readonly other: SyncedMem;
      /** Nothing reads the other array after this: its memory may be y's. */
      readonly isSpent: boolean;
    }
  | {
      /** What the dropout op does forward. */
      readonly kind: "dropout";
      readonly ratio: number;
      readonly key: RandomKey;
    };

/** Post-ops in the order in which they are applied. */
export type PostOps = readonly PostOp[];

/** y = f(x) over a whole array. In place (x === y) is allowed; backward then reads y only. */
export interface UnaryOp {
  forward(x: SyncedMem, y: SyncedMem): void;
  backward(x: SyncedMem, y: SyncedMem, dy: SyncedMem, dx: SyncedMem): void;
}
