import { closeSync, unlinkSync } from "node:fs";
import type { Blob } from "../blob/blob.ts";
import type { SyncedMem } from "../syncedmem/synced-mem.ts";
import type { DType, FloatArray } from "../util/arrays.ts";
import type { Shape } from "../util/shape.ts";
import { bridgeAddon, type SharedMemory } from "./addon.ts";

/** The two arrays of a blob. */
export type Side = "data" | "diff";

/** Where the elements of one side of a blob lie. */
export function memOf(blob: Blob, side: Side): SyncedMem {
  return side === "data" ? blob.dataMem : blob.diffMem;
}

/** An array whose memory another process sees. */
interface SharedArray {
  readonly id: number;
  readonly mem: SyncedMem;
  readonly array: FloatArray;
}

/** One side of a blob as the other process knows it. */
interface View {
  readonly blob: Blob;
  readonly side: Side;
  readonly mem: SyncedMem;
  readonly shape: Shape;
}

/** How the other process finds an array: it maps `path`, where it has not mapped the array of that id before. */
interface ArrayPlace {
  readonly id: number;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly path?: string;
  readonly bytes?: number;
}

/** What the other process has to forget: views whose shape or memory is another now, and arrays that are gone here. */
interface ArrayNews {
  readonly changed?: readonly (readonly [number, Side])[];
  readonly gone?: readonly number[];
}

/**
 * Arrays of blobs that another process reads and writes in place.
 *
 * An array moves to memory that both processes map when it is asked for first, and stays there. From then on the control
 * that goes back and forth decides who may touch it: before the other process runs, `show` brings the newest elements to
 * that memory, in plain order; when control comes back, `taken` makes what lies there the newest, for nothing tells what
 * was written. Only arrays that the other process still holds cost this.
 */
export class SharedArrays {
  readonly #arrays: Map<SyncedMem, SharedArray> = new Map();
  readonly #byId: Map<number, SharedArray> = new Map();
  /** Those that the other process holds. */
  readonly #held: Set<SharedArray> = new Set();
  readonly #views: Map<string, View> = new Map();
  /** Files that the other process maps before it speaks again. */
  #opening: SharedMemory[] = [];
  #last = 0;

  /**
   * Lets the other process see a side of the blob it knows by `number`.
   * @throws CaffeError where the elements lie on a device alone
   */
  open(number: number, blob: Blob, side: Side): ArrayPlace {
    const mem = memOf(blob, side);
    const { dtype } = mem;
    const { shape } = blob;
    this.#views.set(`${number} ${side}`, { blob, side, mem, shape });
    const known = this.#arrays.get(mem);
    if (known?.mem.keepsCpuIn(known.array)) {
      mem.cpu();
      this.#held.add(known);
      return { id: known.id, shape, dtype };
    }
    const Floats = dtype === "f64" ? Float64Array : Float32Array;
    const bytes = Floats.BYTES_PER_ELEMENT * Math.max(1, mem.count);
    const file = bridgeAddon().share(bytes);
    this.#opening.push(file);
    const array = new Floats(file.memory, 0, mem.count);
    mem.moveCpu(array);
    const shared = { id: ++this.#last, mem, array };
    this.#arrays.set(mem, shared);
    this.#byId.set(shared.id, shared);
    this.#held.add(shared);
    return { id: shared.id, shape, dtype, path: file.path, bytes };
  }

  /** The other process holds these no more. */
  release(ids: readonly number[]): void {
    for (const id of ids) {
      const shared = this.#byId.get(id);
      if (shared) this.#held.delete(shared);
    }
  }

  /** Brings what the other process holds to where it sees it, but for what lies on a device alone. */
  show(): void {
    for (const { mem } of this.#held) if (mem.isOnHost) mem.cpu();
  }

  /** Whether nothing that the other process holds lies on a device alone. */
  get areOnHost(): boolean {
    for (const { mem } of this.#held) if (!mem.isOnHost) return false;
    return true;
  }

  /** Brings what the other process holds and what lies on a device alone to the host. */
  async toHost(): Promise<void> {
    for (const { mem } of this.#held) if (!mem.isOnHost) await mem.toHost();
  }

  /** The other process has spoken: it has mapped what it was told of, and may have written to all it holds. */
  taken(): void {
    this.#closeFiles();
    for (const { mem, array } of this.#held) {
      if (mem.isCpuFresh && mem.keepsCpuIn(array)) mem.mutableCpu();
    }
  }

  /** What has changed since the last time. */
  news(): ArrayNews {
    const changed: (readonly [number, Side])[] = [];
    for (const [key, { blob, side, mem, shape }] of this.#views) {
      const now = memOf(blob, side);
      if (now === mem && blob.shape === shape) continue;
      this.#views.delete(key);
      changed.push([Number.parseInt(key, 10), side]);
    }
    const gone: number[] = [];
    for (const shared of this.#arrays.values()) {
      if (shared.mem.keepsCpuIn(shared.array)) continue;
      this.#forget(shared);
      gone.push(shared.id);
    }
    return { ...(changed.length > 0 && { changed }), ...(gone.length > 0 && { gone }) };
  }

  /** The blob of that number is given up. */
  forgetBlob(number: number): void {
    for (const side of ["data", "diff"]) this.#views.delete(`${number} ${side}`);
  }

  /** Nothing is shared any more. */
  close(): void {
    this.#closeFiles();
    this.#held.clear();
  }

  #forget(shared: SharedArray): void {
    this.#arrays.delete(shared.mem);
    this.#byId.delete(shared.id);
    this.#held.delete(shared);
  }

  #closeFiles(): void {
    if (this.#opening.length === 0) return;
    for (const { descriptor, path, isNamed } of this.#opening) {
      closeSync(descriptor);
      if (isNamed) unlinkSync(path);
    }
    this.#opening = [];
  }
}
