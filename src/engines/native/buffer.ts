/** Aligned memory. */
export interface StoreMemory {
  zero(): void;
}

/** What native code reads and writes: a store, or a plain array. */
export type Buffer = StoreMemory | Float32Array;

/** An array as loops over channels see it: images, channels, positions, channels that lie together. */
export type ViewArgs = [n: number, c: number, s: number, block: number];

/** What elements are: floats, the upper halves of floats, bytes, or whole numbers of 32 bits. */
export type ElementType = "f32" | "bf16" | "u8" | "s8" | "s32";
