import type { PrivateStore, SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { FloatArray } from "../../util/arrays.ts";
import type { Work } from "../engine.ts";
import type { Block, Heap } from "./heap.ts";
import type { Address, Kernels } from "./kernels.ts";

/** The elements are plain, in the memory of the module. */
const LAYOUT = "wasm";

/** A copy of an array in the memory of the module. */
class WasmStore implements PrivateStore {
  readonly layout = LAYOUT;
  readonly #arrays: Arrays;
  readonly #count: number;
  #block: Block | undefined;

  constructor(arrays: Arrays, count: number) {
    this.#arrays = arrays;
    this.#count = count;
  }

  get at(): Address {
    this.#block ??= this.#arrays.heap.take(this.#count);
    return this.#block.at;
  }

  release(): void {
    if (this.#block) this.#arrays.heap.release(this.#block);
    this.#block = undefined;
  }

  toPlain(plain: FloatArray): void {
    this.#arrays.reorders++;
    const begin = this.at / 4;
    plain.set(this.#arrays.heap.floats.subarray(begin, begin + this.#count));
  }

  fromPlain(plain: FloatArray): void {
    this.#arrays.reorders++;
    // Taking memory may make it grow, and the view of before empty.
    const begin = this.at / 4;
    this.#arrays.heap.floats.set(plain.subarray(0, this.#count), begin);
  }

  zero(): void {
    const begin = this.at / 4;
    this.#arrays.heap.floats.fill(0, begin, begin + this.#count);
  }
}

/**
 * Brings arrays into the memory of the module, the only memory that its loops see, and knows which are there.
 *
 * They stay where a loop left them, and are copied only where something else reads or writes them. Addresses stay
 * what they are while memory grows.
 */
export class Arrays implements Work {
  readonly kernels: Kernels;
  readonly heap: Heap;
  /** Copies into and out of the module's memory so far. */
  reorders = 0;
  readonly ran: Set<string> = new Set();

  constructor(kernels: Kernels, heap: Heap) {
    this.kernels = kernels;
    this.heap = heap;
  }

  /** Memory of a module does not shrink. */
  giveBack(): void {}

  get peakBytes(): number {
    return this.heap.bytes;
  }

  /** The array, to be read. */
  read(mem: SyncedMem): Address {
    const store = this.#store(mem);
    if (mem.isPrivateFresh(LAYOUT)) return store.at;
    if (mem.isZero) store.zero();
    else store.fromPlain(mem.cpu());
    mem.markPrivateFresh(store);
    if (mem.isLasting) mem.dropCpu();
    return store.at;
  }

  /** The array, every element to be written. */
  write(mem: SyncedMem): Address {
    const store = this.#store(mem);
    mem.markPrivateWritten(store);
    return store.at;
  }

  /** The array, to be read and changed. */
  update(mem: SyncedMem): Address {
    const at = this.read(mem);
    mem.markPrivateWritten(this.#store(mem));
    // What is updated here in every step need not lie elsewhere too.
    mem.dropCpu();
    return at;
  }

  /** Memory for `count` floats for as long as `use` runs, with whatever was there. */
  lend(count: number, use: (at: Address) => void): void {
    const block = this.heap.take(count);
    try {
      use(block.at);
    } finally {
      this.heap.release(block);
    }
  }

  /** Adds sums over channels of a view to an array; `fill` writes them, as doubles. */
  addSums(channels: number, fill: (sums: Address) => void, to: SyncedMem): void {
    const at = this.update(to);
    this.lend(2 * channels, (sums) => {
      fill(sums);
      this.kernels.addSums(channels, sums, at);
    });
  }

  #store(mem: SyncedMem): WasmStore {
    const kept = mem.privateStore(LAYOUT);
    if (kept instanceof WasmStore) return kept;
    const store = new WasmStore(this, mem.count);
    mem.adoptPrivate(store);
    return store;
  }
}
