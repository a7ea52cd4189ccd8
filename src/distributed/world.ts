import { addUp, type FloatArray } from "../util/arrays.ts";
import { CaffeError } from "../util/errors.ts";
import { Board } from "./board.ts";
import { bytesOf, type Communicator, type MachineMemory, type Travelling } from "./communicator.ts";
import type { Job } from "./job.ts";

/** Elements of one job: longer arrays go as several, which MPI's ways of summing are faster with. */
const MOST_ELEMENTS = 1 << 20;
/** How long a wait may keep JavaScript from its other work, such as signals. */
const TURN_MS = 100;
/** After so many of them it is seen whether the others live. */
const TURNS_BETWEEN_LOOKS = 5;
/** Where one rank tells for all what they have seen, the others wait so many for it to end them. */
const PATIENT_TURNS = 30;

/** How a rank sees the processes of others. */
export interface Sight {
  /** Ranks that have the same see one another; undefined for none. */
  readonly space: string | undefined;
  readonly hasEnded: (pid: number) => boolean;
}

/** What ranks tell one another of themselves. */
interface Introduction {
  readonly host: string;
  readonly pid: number;
  readonly space?: string | undefined;
}

/**
 * The ranks of a training, as one of them sees them: processes that mpirun started, or threads of one process. All begin the
 * same jobs in the same order.
 *
 * Jobs go on while JavaScript computes; an array that a job has is not to be touched until it is done.
 */
export class World {
  readonly rank: number;
  readonly count: number;
  /** The machine that this rank is on. */
  readonly host: string;
  readonly #others: Communicator;
  readonly #machine: MachineMemory | undefined;
  #waitedMs = 0;
  /** Whether a rank has ended that the others wait for. */
  #isBroken = false;
  /** Whether another tells that. */
  #isTold = false;
  #hosts: readonly string[] = [];
  #sight: Sight | undefined;
  /** Other ranks whose processes this one sees. */
  #neighbours: readonly { readonly rank: number; readonly pid: number }[] = [];

  /** Where all ranks are on one machine: the way of what is small. */
  #board: Board | undefined;

  /**
   * Joins the others.
   * @param machine memory that processes of one machine can have in common; without it what is told goes by `others` alone
   */
  constructor(others: Communicator, machine?: MachineMemory) {
    const { rank, count, host } = others.start();
    [this.rank, this.count, this.host] = [rank, count, host];
    [this.#others, this.#machine] = [others, machine];
  }

  /** Begins to add up an array over all ranks; gives its jobs. Numbers of 16 bits are bfloat16. */
  beginSum(array: FloatArray | Uint16Array): Job[] {
    if (this.#board && !(array instanceof Uint16Array) && Board.hasRoomFor(array)) {
      return [
        this.#board.put(array, (all) => {
          addUp(
            all.map((bytes) => as(array, bytes)),
            array,
          );
        }),
      ];
    }
    return parts(array).map((part) => this.#jobOf(this.#others.sum(part)));
  }

  #jobOf(ticket: number): Job {
    return (milliseconds) => this.#others.wait(ticket, milliseconds);
  }

  /** halves ← floats + rest as bfloat16; rest ← what rounding took. */
  halve(floats: Float32Array, rest: Float32Array, halves: Uint16Array): void {
    this.#others.halve(floats, rest, halves);
  }

  /** floats ← halves, which are bfloat16. */
  widen(halves: Uint16Array, floats: Float32Array): void {
    this.#others.widen(halves, floats);
  }

  /** Adds up an array over all ranks, and lets JavaScript do nothing else meanwhile. */
  sumNow(array: FloatArray): void {
    for (const job of this.beginSum(array)) this.#waitNow(job);
  }

  #waitNow(hasCome: Job): void {
    const since = performance.now();
    for (let turn = 1; !hasCome(TURN_MS); turn++) this.#lookAround(turn);
    this.#waitedMs += performance.now() - since;
  }

  /** Begins to gather every rank's elements, one rank's behind the other's. */
  beginGather(own: Travelling, all: Travelling): Job {
    if (!this.#board || !Board.hasRoomFor(own)) return this.#jobOf(this.#others.gather(own, all));
    return this.#board.put(own, (parts) => {
      const bytes = bytesOf(all);
      for (const [rank, part] of parts.entries()) bytes.set(part, rank * own.byteLength);
    });
  }

  /** Whether jobs are done, without waiting. Those that are leave the list. */
  areDone(jobs: Job[]): boolean {
    while (jobs.length > 0) {
      if (!jobs[0]?.(0)) return false;
      jobs.shift();
    }
    return true;
  }

  /**
   * Makes sure, now and then, that those who are waited for live: MPI would wait on.
   * @throws CaffeError in the first of those that live
   */
  #lookAround(turn: number): void {
    if (turn % TURNS_BETWEEN_LOOKS !== 0) return;
    const gone = this.#neighbours.filter(({ pid }) => this.#sight?.hasEnded(pid));
    const [first] = gone;
    if (!first) return;
    // Who tells it ends soon, too: that is no news.
    this.#isTold ||= this.#neighbours.some((one) => one.rank < this.rank && !gone.includes(one));
    if (this.#isTold && turn < PATIENT_TURNS) return;
    this.#isBroken = true;
    if (this.#isTold) this.abort(1);
    throw new CaffeError(
      `${this.nameOf(first.rank)} (process ${first.pid}) has ended, and the others cannot go on without it. What it wrote last, or the system's log where it was killed, tells why.`,
    );
  }

  /** Waits until jobs are done. */
  async wait(jobs: readonly Job[]): Promise<void> {
    for (const job of jobs) await this.until(job);
  }

  /** Waits until something has come about to which others do their part; it may be waited for so many milliseconds at a time. */
  async until(hasCome: Job): Promise<void> {
    const since = performance.now();
    for (let turn = 1; !hasCome(TURN_MS); turn++) {
      this.#lookAround(turn);
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#waitedMs += performance.now() - since;
  }

  /**
   * Memory of zeros that all ranks see; undefined where they are not all on one machine, see no processes of one another, or
   * the system has none to give. Every rank asks for it at the same moment.
   */
  async shareMemory(bytes: number): Promise<ArrayBuffer | undefined> {
    const machine = this.#machine;
    if (!machine || this.#neighbours.length !== this.count - 1) return undefined;
    const made = this.rank === 0 ? tried(() => machine.makeShared(bytes)) : undefined;
    const [path = ""] = await this.texts(made?.path ?? "");
    const memory = made?.memory ?? tried(() => machine.openShared(path, bytes));
    const seen = await this.meet([memory ? 1 : 0]);
    return seen.every(([sees]) => sees === 1) ? memory : undefined;
  }

  /** Lets an array in shared memory lie in large pages, where the system has them. */
  enlargePages(array: Float32Array): void {
    this.#machine?.enlargePages(array);
  }

  /** Tells a number in shared memory, behind all that this rank has written there. */
  tell(numbers: Uint32Array, number: number): void {
    this.#machine?.tell(numbers, this.rank, number);
  }

  /** Whether every rank has told that number or a later one, after so many milliseconds at most. */
  allTold(numbers: Uint32Array, number: number, milliseconds: number): boolean {
    return this.#machine?.allTold(numbers, number, milliseconds) ?? false;
  }

  /** How long this rank has waited for jobs, in all. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** Lets ranks know one another's machines, and processes where they can see them. */
  async introduce(sight?: Sight): Promise<void> {
    const own: Introduction = { host: this.host, pid: process.pid, space: sight?.space };
    this.#sight = sight;
    const all = (await this.texts(JSON.stringify(own))).map(
      (text) => JSON.parse(text) as Introduction,
    );
    this.#hosts = all.map(({ host }) => host);
    this.#neighbours = all.flatMap(({ pid, space }, rank) =>
      rank !== this.rank && space !== undefined && space === own.space ? [{ rank, pid }] : [],
    );
    const memory = await this.shareMemory(Board.bytes(this.count));
    if (!this.#machine || !memory) return;
    const { rank, count } = this;
    this.#board = new Board(this.#machine, memory, rank, count, (job) => this.#waitNow(job));
  }

  /** The machine of every rank, once all have introduced themselves. */
  get hosts(): readonly string[] {
    return this.#hosts;
  }

  /** A rank with its machine. */
  nameOf(rank: number): string {
    const host = this.#hosts[rank];
    return host === undefined ? `rank ${rank}` : `rank ${rank} on ${host}`;
  }

  /** Makes the elements of an array those of rank 0. */
  async broadcast(array: Travelling): Promise<void> {
    await this.wait(parts(array).map((part) => this.#jobOf(this.#others.broadcast(part))));
  }

  /** Every rank's numbers, in the order of ranks; all give as many. */
  async meet(numbers: readonly number[]): Promise<number[][]> {
    const all = new Float64Array(numbers.length * this.count);
    await this.wait([this.beginGather(Float64Array.from(numbers), all)]);
    return this.#byRank((rank) => [
      ...all.subarray(rank * numbers.length, (rank + 1) * numbers.length),
    ]);
  }

  /** Every rank's text, in the order of ranks. */
  async texts(own: string): Promise<string[]> {
    const all = await this.gatherBytes(new TextEncoder().encode(own));
    return all.map((bytes) => new TextDecoder().decode(bytes));
  }

  /** Every rank's bytes, in the order of ranks; each may give as many as it wants. */
  async gatherBytes(own: Uint8Array): Promise<Uint8Array[]> {
    const lengths = (await this.meet([own.length])).map(([length = 0]) => length);
    const longest = Math.max(...lengths);
    const padded = new Uint8Array(longest);
    padded.set(own);
    const all = new Uint8Array(longest * this.count);
    await this.wait([this.beginGather(padded, all)]);
    return this.#byRank((rank) => all.slice(rank * longest, rank * longest + (lengths[rank] ?? 0)));
  }

  #byRank<T>(one: (rank: number) => T): T[] {
    return Array.from({ length: this.count }, (_, rank) => one(rank));
  }

  /**
   * Makes sure that all ranks say the same of something.
   * @throws CaffeError, on every rank, that names the ranks that differ and how
   */
  async agree(what: string, own: string): Promise<void> {
    const all = await this.texts(own);
    const [first = ""] = all;
    const others = all.flatMap((text, rank) => (text === first ? [] : [{ rank, text }]));
    if (others.length === 0) return;
    const told = others.map(({ rank, text }) => `${this.nameOf(rank)} ${difference(first, text)}`);
    throw new CaffeError(
      `the ranks do not train the same: ${what} differs. Rank 0 has another than ${told.join(", ")}. Expected the same command line, files and version for all.`,
    );
  }

  /** Whether this rank tells of another that has ended: it alone does. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Ends with the others, once all jobs are done. */
  close(): void {
    this.#others.stop();
  }

  /** Ends all ranks at once, with that exit code. */
  abort(code: number): never {
    // mpirun is ending them already, and waits for those that are left: so does MPI_Abort.
    if (this.#isBroken) process.exit(code);
    return this.#others.abort(code);
  }
}

/** What it gives; undefined where the system does not let it. */
function tried<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** The first line in which a text differs from that of rank 0. */
function difference(first: string, other: string): string {
  const [lines, others] = [first.split("\n"), other.split("\n")];
  const at = others.findIndex((line, i) => line !== lines[i]);
  const line = at < 0 ? others.length : at;
  return `(${others[line]?.trim() ?? "nothing"}, not ${lines[line]?.trim() ?? "nothing"})`;
}

/** Bytes as an array of the type, and length, of another. */
function as(
  { length, BYTES_PER_ELEMENT }: FloatArray,
  { buffer, byteOffset }: Uint8Array,
): FloatArray {
  return BYTES_PER_ELEMENT === 4
    ? new Float32Array(buffer, byteOffset, length)
    : new Float64Array(buffer, byteOffset, length);
}

/** An array as views of what goes as one job. */
function parts<T extends Travelling>(array: T): T[] {
  const count = Math.ceil(array.length / MOST_ELEMENTS);
  return Array.from(
    { length: count },
    (_, i) => array.subarray(i * MOST_ELEMENTS, (i + 1) * MOST_ELEMENTS) as T,
  );
}
