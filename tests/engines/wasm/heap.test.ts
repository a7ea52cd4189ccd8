import { expect, test } from "vitest";
import { type Block, Heap, type PagedMemory } from "../../../src/engines/wasm/heap.ts";
import { EngineError } from "../../../src/util/errors.ts";

const PAGE = 65536;

/** A memory of pages that need not be there, of which growing fails from so many on. */
function memoryOf(pages: number, most: number): PagedMemory {
  const memory = {
    buffer: new ArrayBuffer(pages * PAGE),
    grow(more: number): number {
      const before = memory.buffer.byteLength / PAGE;
      if (before + more > most) throw new RangeError("no memory");
      memory.buffer = new ArrayBuffer((before + more) * PAGE);
      return before;
    },
  };
  return memory;
}

test("blocks begin and end at lines, behind what the module uses, and come back", () => {
  const heap = new Heap(memoryOf(1, 1), 1000);
  const blocks = [1, 16, 17, 0].map((count) => heap.take(count));
  expect(blocks.map(({ at }) => at)).toEqual([1024, 1088, 1152, 1280]);
  for (const block of blocks) heap.release(block);
  expect(heap.take(40).at).toBe(1024);
  expect(heap.bytes).toBe(1344);
});

test("memory grows by more than is asked for, and the view is of all of it", () => {
  const memory = memoryOf(1, 10_000);
  const heap = new Heap(memory, 0);
  heap.take(PAGE);
  expect(heap.floats.length).toBe((257 * PAGE) / 4);
  expect(heap.floats.buffer).toBe(memory.buffer);
});

test("where the system gives less, memory grows by what is needed; where it gives none, an error says what to do", () => {
  const heap = new Heap(memoryOf(1, 5), 0);
  const block: Block = heap.take(PAGE);
  expect(heap.floats.length).toBe((5 * PAGE) / 4);
  expect(() => heap.take(PAGE)).toThrow(EngineError);
  expect(() => heap.take(2 ** 30)).toThrow(
    "the wasm engine has 0.0 GiB and no room for an array of 4.0 GiB. Expected a net of less than 4 GiB in all, a smaller batch, or --engine native or reference.",
  );
  heap.release(block);
  expect(heap.take(PAGE).at).toBe(block.at);
});
