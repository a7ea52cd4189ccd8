/** Aligned memory. */
export interface StoreMemory {
  zero(): void;
}

/** What native code reads and writes: a store, or a plain array. */
export type Buffer = StoreMemory | Float32Array;

/** An array as loops over channels see it: images, channels, positions, channels that lie together. */
export type ViewArgs = [n: number, c: number, s: number, block: number];
