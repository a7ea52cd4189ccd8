/** Elements that travel. */
export type Travelling = Float32Array | Float64Array | Uint16Array | Uint8Array;

/** The bytes of an array, where they lie. */
export function bytesOf({ buffer, byteOffset, byteLength }: Travelling): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** What ranks tell one another by. Jobs are done in the order in which they are given, which is to be the same on every rank. */
export interface Communicator {
  /** Joins the others; `host` is where this rank computes, for messages. */
  start(): { readonly rank: number; readonly count: number; readonly host: string };
  /** A ticket; every element becomes the sum of all ranks'. Numbers of 16 bits are bfloat16. */
  sum(array: Float32Array | Float64Array | Uint16Array): number;
  /** halves ← floats + rest as bfloat16; rest ← what rounding took. */
  halve(floats: Float32Array, rest: Float32Array, halves: Uint16Array): void;
  widen(halves: Uint16Array, floats: Float32Array): void;
  /** A ticket; the elements become those of rank 0. */
  broadcast(array: Travelling): number;
  /** A ticket; `all` gets every rank's elements, one rank's behind the other's. */
  gather(own: Travelling, all: Travelling): number;
  /** Whether the job is done, after so many milliseconds at most. A done job's ticket is used up. */
  wait(ticket: number, milliseconds: number): boolean;
  /** Ends with the others, once all jobs are done. */
  stop(): void;
  /** Ends all ranks at once. */
  abort(code: number): never;
}

/** Memory that processes of one machine see together. */
export interface MachineMemory {
  /** Zeros that other processes of this machine can open as long as the array is there. */
  makeShared(bytes: number): { readonly memory: ArrayBuffer; readonly path: string };
  openShared(path: string, bytes: number): ArrayBuffer;
  /** Lets what lies within an array of such memory lie in large pages, where the system has them. */
  enlargePages(array: Float32Array): void;
  /** Each rank has 16 numbers of the array, and tells the first. What it wrote before is seen by those that find the number. */
  tell(numbers: Uint32Array, rank: number, number: number): void;
  /** Whether every rank's number is that or a later one, after so many milliseconds at most. */
  allTold(numbers: Uint32Array, number: number, milliseconds: number): boolean;
}
