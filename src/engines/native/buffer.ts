/** Aligned memory. */
export interface StoreMemory {
  zero(): void;
}

/** What native code reads and writes: a store, or a plain array. */
export type Buffer = StoreMemory | Float32Array;
