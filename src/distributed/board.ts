import { bytesOf, type MachineMemory, type Travelling } from "./communicator.ts";
import type { Job } from "./job.ts";

/** Bytes of one rank that lie there at a time. */
const ROOM = 1 << 18;
/** So many times as many lie there at once. */
const ROOMS = 4;
/** Numbers of a line of the cache: `MachineMemory.tell`. */
const LINE = 16;

/** What a rank has put there, until it has taken what all have. */
interface Put {
  readonly number: number;
  readonly take: () => void;
}

/**
 * Memory that all ranks of one machine see, where they tell one another what is small: quicker than a job of MPI, for which a
 * thread has to wake up on every rank. All put there the same kinds of things in the same order.
 */
export class Board {
  readonly #machine: MachineMemory;
  readonly #rank: number;
  readonly #count: number;
  readonly #memory: ArrayBuffer;
  /** By rank: how many things it has put there, and how many it has taken. */
  readonly #put: Uint32Array;
  readonly #taken: Uint32Array;
  readonly #waitNow: (job: Job) => void;
  readonly #under: Put[] = [];
  #last = 0;

  /** @param memory zeros, `Board.bytes` of them */
  constructor(
    machine: MachineMemory,
    memory: ArrayBuffer,
    rank: number,
    count: number,
    waitNow: (job: Job) => void,
  ) {
    [this.#machine, this.#memory, this.#rank, this.#count] = [machine, memory, rank, count];
    this.#waitNow = waitNow;
    this.#put = new Uint32Array(memory, 0, LINE * count);
    this.#taken = new Uint32Array(memory, 4 * LINE * count, LINE * count);
  }

  /** Bytes of memory that it needs. */
  static bytes(count: number): number {
    return 2 * 4 * LINE * count + ROOM * ROOMS * count;
  }

  static hasRoomFor({ byteLength }: Travelling): boolean {
    return byteLength <= ROOM;
  }

  /**
   * Puts a rank's elements there.
   * @param take is given every rank's bytes, once they are there
   * @returns whether that has happened, after so many milliseconds at most
   */
  put(own: Travelling, take: (parts: readonly Uint8Array[]) => void): Job {
    const number = ++this.#last;
    const before = number - ROOMS;
    if (before > 0) {
      this.#waitNow((ms) => this.#hasTaken(before, ms));
      this.#waitNow((ms) => this.#machine.allTold(this.#taken, before >>> 0, ms));
    }
    this.#place(number, this.#rank, own.byteLength).set(bytesOf(own));
    const { byteLength } = own;
    const everyones = (): Uint8Array[] =>
      Array.from({ length: this.#count }, (_, rank) => this.#place(number, rank, byteLength));
    this.#under.push({ number, take: () => take(everyones()) });
    this.#machine.tell(this.#put, this.#rank, number >>> 0);
    return (ms) => this.#hasTaken(number, ms);
  }

  /** Whether this rank has taken what all have put there as that number; it takes what came before it first. */
  #hasTaken(number: number, milliseconds: number): boolean {
    for (;;) {
      const [first] = this.#under;
      if (!first || first.number > number) return true;
      if (!this.#machine.allTold(this.#put, first.number >>> 0, milliseconds)) return false;
      this.#under.shift();
      first.take();
      this.#machine.tell(this.#taken, this.#rank, first.number >>> 0);
    }
  }

  #place(number: number, rank: number, bytes: number): Uint8Array {
    const room = (number % ROOMS) * this.#count + rank;
    return new Uint8Array(this.#memory, 2 * 4 * LINE * this.#count + room * ROOM, bytes);
  }
}
