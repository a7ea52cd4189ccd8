import type { DType, FloatArray } from "../../util/arrays.ts";
import { countOf } from "../../util/shape.ts";
import type { Place } from "../loaders/loader.ts";
import type { Batch } from "./batch-source.ts";

/** What is said of a place in the ring, each a whole number in shared memory. */
const [PRODUCED, TAKEN, STATUS, GENERATION, SHAPES] = [0, 1, 2, 3, 4] as const;
/** Numbers that a top's shape takes: how many axes it has, and their lengths. */
const SHAPE = 33;

/** How a place was filled. */
export const FILLED = 0;
export const RESTARTED = 1;
export const FAILED = 2;

/** Memory that a top of a place got because a batch was larger than the room it had. */
export interface Growth {
  readonly slot: number;
  readonly top: number;
  readonly memory: FloatArray;
  /** How often the place's memory has grown now. */
  readonly generation: number;
}

/** A ring of batches in shared memory, as it is sent to threads. */
export interface SharedRing {
  readonly depth: number;
  readonly tops: number;
  readonly dtype: DType;
  readonly control: Int32Array;
  /** By place, then by top. */
  readonly memory: readonly (readonly FloatArray[])[];
}

/** Makes a ring with room for `depth` batches of these shapes. */
export function createRing(
  depth: number,
  shapes: readonly (readonly number[])[],
  dtype: DType,
): SharedRing {
  const stride = SHAPES + shapes.length * SHAPE;
  return {
    depth,
    tops: shapes.length,
    dtype,
    control: new Int32Array(new SharedArrayBuffer(4 * depth * stride)),
    memory: Array.from({ length: depth }, () =>
      shapes.map((shape) => sharedArray(dtype, countOf(shape))),
    ),
  };
}

function sharedArray(dtype: DType, count: number): FloatArray {
  return dtype === "f32"
    ? new Float32Array(new SharedArrayBuffer(4 * count))
    : new Float64Array(new SharedArrayBuffer(8 * count));
}

/**
 * One end of a ring. Batch k lies in place k mod depth; a place is filled and taken in turns, and each end waits
 * for the other's turn. Nothing is copied: both ends see the same memory.
 */
export class Ring {
  readonly #ring: SharedRing;
  readonly #memory: FloatArray[][];
  readonly #stride: number;
  /** How often each place has grown, as far as this end knows. */
  readonly #generations: number[];
  /** What was last taken from each place. */
  readonly #taken: (Batch | undefined)[] = [];

  constructor(ring: SharedRing) {
    this.#ring = ring;
    this.#memory = ring.memory.map((tops) => [...tops]);
    this.#stride = SHAPES + ring.tops * SHAPE;
    this.#generations = ring.memory.map(() => 0);
  }

  /** Where the control numbers say that a batch is filled; for waiting. */
  producedAt(batch: number): number {
    return this.#base(batch) + PRODUCED;
  }

  isFilled(batch: number): boolean {
    return Atomics.load(this.#ring.control, this.producedAt(batch)) > this.#turn(batch);
  }

  status(batch: number): number {
    return this.#ring.control[this.#base(batch) + STATUS] ?? FILLED;
  }

  /** Whether a filled batch lies in memory that this end has been told of. */
  knowsMemory(batch: number): boolean {
    const generation = this.#ring.control[this.#base(batch) + GENERATION] ?? 0;
    return this.#generations[batch % this.#ring.depth] === generation;
  }

  /** Takes notice of memory that the other end made. */
  grow({ slot, top, memory, generation }: Growth): void {
    const tops = this.#memory[slot];
    if (!tops) return;
    tops[top] = memory;
    this.#generations[slot] = generation;
    this.#taken[slot] = undefined;
  }

  /** A filled batch; its memory is the ring's. As long as nothing grows or changes its shape it is the same object. */
  take(batch: number): Batch {
    const slot = batch % this.#ring.depth;
    const before = this.#taken[slot];
    if (before?.every(({ shape }, top) => this.#hasShape(batch, top, shape))) return before;
    const taken = Array.from({ length: this.#ring.tops }, (_, top) => {
      const at = this.#shapeAt(batch, top);
      const axes = this.#ring.control[at] ?? 0;
      const shape = Array.from(this.#ring.control.subarray(at + 1, at + 1 + axes));
      return { shape, data: this.#view(batch, top, countOf(shape)) };
    });
    this.#taken[slot] = taken;
    return taken;
  }

  #hasShape(batch: number, top: number, shape: readonly number[]): boolean {
    const { control } = this.#ring;
    const at = this.#shapeAt(batch, top);
    return (
      control[at] === shape.length && shape.every((length, i) => control[at + 1 + i] === length)
    );
  }

  /** Gives the place of a batch back. */
  release(batch: number): void {
    const at = this.#base(batch) + TAKEN;
    Atomics.store(this.#ring.control, at, this.#turn(batch) + 1);
    Atomics.notify(this.#ring.control, at);
  }

  /** Whether the place of a batch is free. */
  hasRoom(batch: number): boolean {
    const { control } = this.#ring;
    return Atomics.load(control, this.#base(batch) + TAKEN) >= this.#turn(batch);
  }

  /** Blocks this thread until the place of a batch is free. */
  waitForRoom(batch: number): void {
    const at = this.#base(batch) + TAKEN;
    for (;;) {
      const taken = Atomics.load(this.#ring.control, at);
      if (taken >= this.#turn(batch)) return;
      Atomics.wait(this.#ring.control, at, taken);
    }
  }

  /** Gives room for the tops of a batch, and tells of memory that it had to make for that. */
  place(batch: number, onGrowth: (growth: Growth) => void): Place {
    return (top, shape) => {
      const { control, depth, dtype } = this.#ring;
      const base = this.#base(batch);
      control.set([shape.length, ...shape], this.#shapeAt(batch, top));
      const count = countOf(shape);
      const slot = batch % depth;
      const tops = this.#memory[slot];
      if (tops && (tops[top]?.length ?? 0) < count) {
        const generation = (control[base + GENERATION] ?? 0) + 1;
        const memory = sharedArray(dtype, count);
        control[base + GENERATION] = generation;
        this.grow({ slot, top, memory, generation });
        onGrowth({ slot, top, memory, generation });
      }
      return this.#view(batch, top, count);
    };
  }

  /** Hands a batch over. */
  publish(batch: number, status: number): void {
    const base = this.#base(batch);
    this.#ring.control[base + STATUS] = status;
    Atomics.store(this.#ring.control, base + PRODUCED, this.#turn(batch) + 1);
    Atomics.notify(this.#ring.control, base + PRODUCED);
  }

  #view(batch: number, top: number, count: number): FloatArray {
    const memory = this.#memory[batch % this.#ring.depth]?.[top] as FloatArray;
    return memory.length === count ? memory : memory.subarray(0, count);
  }

  #shapeAt(batch: number, top: number): number {
    return this.#base(batch) + SHAPES + top * SHAPE;
  }

  #base(batch: number): number {
    return (batch % this.#ring.depth) * this.#stride;
  }

  #turn(batch: number): number {
    return Math.floor(batch / this.#ring.depth);
  }
}
