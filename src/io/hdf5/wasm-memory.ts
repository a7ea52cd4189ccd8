/** The part of WebAssembly.Memory that is watched; the types of Node and of browsers name it differently. */
interface Memory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

const PAGE = 65_536;

/** How large the memory of WebAssembly in this thread may become, in bytes. */
interface MemoryLimit {
  most: number;
}

/**
 * Lets the memory of WebAssembly in this thread grow no further than a limit, which may be moved at any time. A library
 * that asks for more is told that there is no more, as on a small machine.
 */
export function limitWasmMemory(): MemoryLimit {
  const limit: MemoryLimit = { most: Number.POSITIVE_INFINITY };
  const { prototype } = (
    Reflect.get(globalThis, "WebAssembly") as { Memory: { prototype: Memory } }
  ).Memory;
  const { grow } = prototype;
  prototype.grow = function (this: Memory, pages: number): number {
    if (this.buffer.byteLength + pages * PAGE > limit.most) {
      throw new RangeError(`WebAssembly may not have ${pages} more pages of memory`);
    }
    return grow.call(this, pages);
  };
  return limit;
}
