import { EngineError } from "../../util/errors.ts";
import { FreeRuns, type Run } from "../free-runs.ts";
import type { Address } from "./kernels.ts";

/** Memory that an array or an op holds. */
export interface Block {
  /** Where it begins, at a multiple of 64 bytes. */
  readonly at: Address;
  readonly run: Run;
}

/** What the heap needs of a WebAssembly.Memory. */
export interface PagedMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** Bytes that a block's beginning and length are multiples of: loops write whole vectors over the last element. */
const LINE = 64;
const PAGE = 65536;
/** What memory grows by at least, in pages: 16 MiB, or a quarter of what there is. */
const LEAST_GROWTH = 256;
/** The most that addresses of 32 bits reach, less one page: the end of every array is an address too. */
const MOST_PAGES = 65535;

/** The memory of the module, behind what the module itself uses: it grows, and what is given back is taken again. */
export class Heap {
  readonly #memory: PagedMemory;
  readonly #free = new FreeRuns();
  /** Memory of an array or an op that was never closed comes back when that is collected. */
  readonly #abandoned = new FinalizationRegistry<Run>((run) => this.#free.give(run));
  #floats: Float32Array;
  #used = 0;

  constructor(memory: PagedMemory, base: Address) {
    this.#memory = memory;
    this.#floats = new Float32Array(memory.buffer);
    const begin = roundUp(base);
    this.#free.give({ begin, length: memory.buffer.byteLength - begin });
  }

  /** All of the memory; another array after it has grown. */
  get floats(): Float32Array {
    if (this.#floats.buffer !== this.#memory.buffer) {
      this.#floats = new Float32Array(this.#memory.buffer);
    }
    return this.#floats;
  }

  /** Bytes used so far: the peak of what was held at one time, and gaps. */
  get bytes(): number {
    return this.#used;
  }

  /**
   * Memory for `count` floats, with whatever was there.
   * @throws EngineError where there is none
   */
  take(count: number): Block {
    const length = roundUp(Math.max(4 * count, 1));
    const run = this.#free.take(length) ?? this.#grow(length);
    this.#used = Math.max(this.#used, run.begin + length);
    const block = { at: run.begin, run };
    this.#abandoned.register(block, run, block);
    return block;
  }

  /** As `take`, for what is given back by being collected alone: the collector is told how much hangs on the block. */
  keep(count: number): Block & { readonly weight: ArrayBuffer } {
    // Never touched, so the system has no memory to give.
    return Object.assign(this.take(count), { weight: new ArrayBuffer(4 * count) });
  }

  release(block: Block): void {
    this.#abandoned.unregister(block);
    this.#free.give(block.run);
  }

  #grow(length: number): Run {
    const size = this.#memory.buffer.byteLength;
    const needed = Math.ceil(length / PAGE);
    const wished = Math.max(needed, LEAST_GROWTH, Math.ceil(size / PAGE / 4));
    const room = MOST_PAGES - size / PAGE;
    for (const pages of new Set([Math.min(wished, room), needed])) {
      if (pages < needed || pages > room) continue;
      try {
        this.#memory.grow(pages);
      } catch {
        continue;
      }
      this.#free.give({ begin: size, length: pages * PAGE });
      return this.#free.take(length) as Run;
    }
    throw new EngineError(
      `the wasm engine has ${gib(size)} GiB and no room for an array of ${gib(length)} GiB. Expected a net of less than 4 GiB in all, a smaller batch, or --engine native or reference.`,
    );
  }
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / LINE) * LINE;
}

function gib(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}
