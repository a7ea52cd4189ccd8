import { addUp, type FloatArray } from "../util/arrays.ts";
import { halve, widen } from "../util/bf16.ts";
import { CaffeError } from "../util/errors.ts";
import { bytesOf, type Communicator, type Travelling } from "./communicator.ts";

/** Bytes of one rank that lie there at a time. */
const ROOM = 2 ** 20;
/** So many times as many lie there at once. */
const ROOMS = 4;
/** Numbers of a line of the cache: each rank's counts have lines of their own. */
const LINE = 16;

/** What a rank of threads is: its number, and the memory that all of them see. */
export interface ThreadPlace {
  readonly rank: number;
  /** What each rank computes on, for messages. */
  readonly hosts: readonly string[];
  readonly memory: SharedArrayBuffer;
}

/** A part of a job that fits a room. */
interface Piece {
  readonly own: Uint8Array;
  /** Is given every rank's bytes. */
  readonly take: (parts: readonly Uint8Array[]) => void;
}

/** A rank's count that others wait to see grow. */
interface Behind {
  readonly counts: Int32Array;
  readonly at: number;
  readonly count: number;
}

/**
 * Threads of one process as ranks. Each puts its elements into memory that all see and takes those of all from there, in rooms that
 * are used over and over; what finds no room waits here, so that no call but `wait` does.
 */
export class ThreadCommunicator implements Communicator {
  readonly #place: ThreadPlace;
  /** By rank: how many pieces it has put there, and how many it has taken. */
  readonly #put: Int32Array;
  readonly #taken: Int32Array;
  /** Those that are not taken; the first `#under` of them lie in their rooms. */
  readonly #pieces: Piece[] = [];
  #under = 0;
  #takenHere = 0;
  #asked = 0;

  constructor(place: ThreadPlace) {
    this.#place = place;
    const { memory, hosts } = place;
    const numbers = LINE * hosts.length;
    this.#put = new Int32Array(memory, 0, numbers);
    this.#taken = new Int32Array(memory, 4 * numbers, numbers);
  }

  /** Memory for so many ranks. */
  static memoryFor(count: number): SharedArrayBuffer {
    return new SharedArrayBuffer(4 * LINE * (2 * count + 1) + ROOM * ROOMS * count);
  }

  /** Lets all ranks know that one has failed, unless one has before it: those that wait for others end too. */
  static tellFailure(place: Omit<ThreadPlace, "rank">, rank: number): void {
    Atomics.compareExchange(failureIn(place), 0, 0, rank + 1);
  }

  /** The rank that failed first; undefined while none has. */
  static failedRank(place: Omit<ThreadPlace, "rank">): number | undefined {
    const failed = Atomics.load(failureIn(place), 0);
    return failed === 0 ? undefined : failed - 1;
  }

  start(): ReturnType<Communicator["start"]> {
    const { rank, hosts } = this.#place;
    return { rank, count: hosts.length, host: hosts[rank] as string };
  }

  sum(array: Float32Array | Float64Array | Uint16Array): number {
    const bytes = bytesOf(array);
    return this.#begin(bytes, (parts, at, length) => {
      const of = (own: Uint8Array): typeof array => likeOf(array, own);
      addUpAny(parts.map(of), of(bytes.subarray(at, at + length)));
    });
  }

  halve(floats: Float32Array, rest: Float32Array, halves: Uint16Array): void {
    halve(floats, rest, halves);
  }

  widen(halves: Uint16Array, floats: Float32Array): void {
    widen(halves, floats);
  }

  broadcast(array: Travelling): number {
    const bytes = bytesOf(array);
    return this.#begin(bytes, ([first], at) => bytes.set(first as Uint8Array, at));
  }

  gather(own: Travelling, all: Travelling): number {
    const to = bytesOf(all);
    return this.#begin(bytesOf(own), (parts, at) => {
      for (const [rank, part] of parts.entries()) to.set(part, rank * own.byteLength + at);
    });
  }

  /** @throws CaffeError where another rank has failed: what it waits for will not come */
  wait(ticket: number, milliseconds: number): boolean {
    const until = performance.now() + milliseconds;
    while (this.#takenHere < ticket) {
      const full = this.#putMore();
      const before = this.#takenHere;
      const missing = this.#takeMore();
      if (this.#takenHere > before) continue;
      this.#checkFailure();
      const left = until - performance.now();
      if (left <= 0) return false;
      // Where nothing lies there to be taken, there is no room for more.
      const { counts, at, count } = missing ?? (full as Behind);
      Atomics.wait(counts, at, count, left);
    }
    return true;
  }

  #checkFailure(): void {
    const rank = ThreadCommunicator.failedRank(this.#place);
    if (rank === undefined) return;
    throw new CaffeError(
      `rank ${rank} on ${this.#place.hosts[rank]} has failed, and the others cannot go on without it.`,
    );
  }

  stop(): void {}

  abort(): never {
    const { rank, hosts } = this.#place;
    ThreadCommunicator.tellFailure(this.#place, rank);
    throw new CaffeError(`rank ${rank} on ${hosts[rank]} ends all.`);
  }

  /** Cuts a job into pieces; gives its ticket, the number of its last. */
  #begin(
    own: Uint8Array,
    take: (parts: readonly Uint8Array[], at: number, length: number) => void,
  ): number {
    for (let at = 0; at < own.length; at += ROOM) {
      const piece = own.subarray(at, at + ROOM);
      this.#pieces.push({ own: piece, take: (parts) => take(parts, at, piece.length) });
      this.#asked++;
    }
    this.#putMore();
    return this.#asked;
  }

  /** Puts what there is room for. @returns who has to take something before more can be put */
  #putMore(): Behind | undefined {
    for (;;) {
      const next = this.#pieces[this.#under];
      if (!next) return undefined;
      const number = this.#takenHere + this.#under + 1;
      const behind = this.#behind(this.#taken, number - ROOMS);
      if (behind) return behind;
      this.#room(number, this.#place.rank, next.own.length).set(next.own);
      this.#under++;
      this.#tell(this.#put, number);
    }
  }

  /** Takes what all have put. @returns who has not put what comes next, where this rank has */
  #takeMore(): Behind | undefined {
    while (this.#under > 0) {
      const number = this.#takenHere + 1;
      const behind = this.#behind(this.#put, number);
      if (behind) return behind;
      const { own, take } = this.#pieces.shift() as Piece;
      take(this.#place.hosts.map((_, rank) => this.#room(number, rank, own.length)));
      this.#under--;
      this.#takenHere = number;
      this.#tell(this.#taken, number);
    }
    return undefined;
  }

  #behind(counts: Int32Array, number: number): Behind | undefined {
    for (const rank of this.#place.hosts.keys()) {
      const at = LINE * rank;
      const count = Atomics.load(counts, at);
      // Counts begin again behind the largest number of 32 bits.
      if (((number - count) | 0) > 0) return { counts, at, count };
    }
    return undefined;
  }

  #tell(counts: Int32Array, number: number): void {
    const at = LINE * this.#place.rank;
    Atomics.store(counts, at, number | 0);
    Atomics.notify(counts, at);
  }

  #room(number: number, rank: number, bytes: number): Uint8Array {
    const { memory, hosts } = this.#place;
    const room = (number % ROOMS) * hosts.length + rank;
    return new Uint8Array(memory, 4 * LINE * (2 * hosts.length + 1) + room * ROOM, bytes);
  }
}

/** One more than the rank that failed first; 0 while none has. */
function failureIn({ memory, hosts }: Omit<ThreadPlace, "rank">): Int32Array {
  return new Int32Array(memory, 8 * LINE * hosts.length, 1);
}

type Summed = Float32Array | Float64Array | Uint16Array;

/** Bytes as an array of another's type. */
function likeOf(array: Summed, { buffer, byteOffset, byteLength }: Uint8Array): Summed {
  const length = byteLength / array.BYTES_PER_ELEMENT;
  if (array instanceof Float32Array) return new Float32Array(buffer, byteOffset, length);
  if (array instanceof Float64Array) return new Float64Array(buffer, byteOffset, length);
  return new Uint16Array(buffer, byteOffset, length);
}

/** Makes an array the sum of others of its type; numbers of 16 bits are bfloat16, and their sum is rounded once. */
function addUpAny(parts: readonly Summed[], to: Summed): void {
  if (!(to instanceof Uint16Array)) {
    addUp(parts as readonly FloatArray[], to);
    return;
  }
  const wide = parts.map((part) => {
    const floats = new Float32Array(part.length);
    widen(part as Uint16Array, floats);
    return floats;
  });
  const sums = new Float32Array(to.length);
  addUp(wide, sums);
  halve(sums, new Float32Array(to.length), to);
}
