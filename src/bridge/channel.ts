import { readSync, writeSync } from "node:fs";
import { Lookout } from "./lookout.ts";

/** What is said on a channel: plain JSON, and bytes beside it. */
export interface Message {
  readonly head: Readonly<Record<string, unknown>>;
  /** Good until the next message is waited for. */
  readonly bytes: Buffer;
}

/** Bytes in front of a message: the lengths of its JSON and of the bytes behind it, as 32-bit numbers, low byte first. */
const PREFIX = 8;
const NO_BYTES: Buffer = Buffer.alloc(0);
/** Room for what is read at once, and for a message that is written at once. */
const BUFFER_BYTES = 65_536;
/** How long to leave a full pipe alone before the next try: at first, and at most. */
const SHORTEST_PAUSE_MS = 0.05;
const LONGEST_PAUSE_MS = 10;
/** Nobody wakes who waits for this. */
const never = new Int32Array(new SharedArrayBuffer(4));

/**
 * Messages between two processes, over descriptors on which reading waits: nothing else runs in this thread meanwhile.
 *
 * Each is a prefix of two lengths, a text of JSON in UTF-8, and bytes.
 */
export class Channel {
  readonly #input: number;
  readonly #output: number;
  /** What has been read and not been taken lies in [from, to). */
  readonly #read: Buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  readonly #written: Buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  readonly #lookout: Lookout;
  #from = 0;
  #to = 0;

  constructor(input: number, output: number) {
    this.#input = input;
    this.#output = output;
    this.#lookout = new Lookout(input);
  }

  /** What is sent to a side that has ended is lost. */
  send(head: Message["head"], bytes: Uint8Array = NO_BYTES): void {
    const text = JSON.stringify(head);
    // UTF-8 has at most three bytes for each of JavaScript's characters.
    const most = PREFIX + 3 * text.length;
    const first = most <= BUFFER_BYTES ? this.#written : Buffer.allocUnsafe(most);
    const length = first.write(text, PREFIX);
    first.writeUInt32LE(length, 0);
    first.writeUInt32LE(bytes.byteLength, 4);
    this.#write(first.subarray(0, PREFIX + length));
    if (bytes.byteLength > 0) this.#write(bytes);
  }

  /** Waits for the next message; undefined where the other side has ended. */
  receive(): Message | undefined {
    if (this.#from === this.#to) this.#lookout.look();
    const prefix = this.#take(PREFIX);
    if (!prefix) return undefined;
    const [textLength, byteLength] = [prefix.readUInt32LE(0), prefix.readUInt32LE(4)];
    const text = this.#take(textLength)?.toString("utf8");
    const bytes = byteLength === 0 ? NO_BYTES : this.#take(byteLength);
    if (text === undefined || !bytes) return undefined;
    return { head: JSON.parse(text) as Message["head"], bytes };
  }

  #write(bytes: Uint8Array): void {
    let pause = SHORTEST_PAUSE_MS;
    for (let at = 0; at < bytes.byteLength; ) {
      try {
        at += writeSync(this.#output, bytes, at);
        pause = SHORTEST_PAUSE_MS;
      } catch (error) {
        if (hasEnded(error)) return;
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
        // Node has made standard output a pipe that does not wait, and it is full.
        Atomics.wait(never, 0, 0, pause);
        pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
      }
    }
  }

  /** The next `length` bytes, in memory that is theirs until more is read; undefined where they end before. */
  #take(length: number): Buffer | undefined {
    if (length <= this.#to - this.#from) {
      this.#from += length;
      return this.#read.subarray(this.#from - length, this.#from);
    }
    const taken = Buffer.allocUnsafe(length);
    let at = 0;
    while (at < length) {
      if (this.#from === this.#to) {
        // What fills the buffer by itself goes where it belongs at once.
        const isLarge = length - at >= this.#read.length;
        const count = isLarge
          ? this.#fill(taken, at, length - at)
          : this.#fill(this.#read, 0, this.#read.length);
        if (count === 0) return undefined;
        if (isLarge) at += count;
        else [this.#from, this.#to] = [0, count];
        continue;
      }
      const part = Math.min(length - at, this.#to - this.#from);
      this.#read.copy(taken, at, this.#from, this.#from + part);
      this.#from += part;
      at += part;
    }
    return taken;
  }

  #fill(into: Buffer, at: number, length: number): number {
    for (;;) {
      try {
        return readSync(this.#input, into, at, length, null);
      } catch (error) {
        if (hasEnded(error)) return 0;
        // A signal came between; what it asks for is done by whoever handles it.
        if ((error as NodeJS.ErrnoException).code !== "EINTR") throw error;
      }
    }
  }
}

/** Whether that is what a system call says where the other side is gone; a socket is reset where bytes were left unread. */
function hasEnded(error: unknown): boolean {
  return ["EPIPE", "ECONNRESET", "EOF"].includes((error as NodeJS.ErrnoException).code ?? "");
}
