import { existsSync } from "node:fs";
import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  type Worker,
} from "node:worker_threads";
import { startThread } from "../../threads/start-thread.ts";
import { FormatError } from "../../util/errors.ts";
import type { Hdf5RowFile, storeRowsIn } from "./row-file.ts";
import type { Hdf5Tree } from "./tree.ts";

/** What the thread is asked to do: read a file or its bytes, make the bytes of a tree, or write rows to a file. */
export type Hdf5Order =
  | {
      /** The file's bytes, or its path. */
      readonly source: Uint8Array | string;
      /** Where HDF5 begins in it. */
      readonly base: number;
      readonly names: readonly string[] | undefined;
    }
  | { readonly tree: Hdf5Tree }
  | { readonly store: Parameters<typeof storeRowsIn> }
  /** Begins a file of rows at a path; the calls after it are for that file. */
  | { readonly rows: string }
  | { readonly call: "begin"; readonly args: Parameters<Hdf5RowFile["begin"]> }
  | { readonly call: "write"; readonly args: Parameters<Hdf5RowFile["write"]> }
  | { readonly call: "flush" | "close"; readonly args: readonly [] };

/** A thread whose memory has grown for so many bytes is not kept: WebAssembly gives none back. */
const MOST_KEPT = 32 * 2 ** 20;

/** What it answers. */
export type Hdf5Answer =
  | { readonly tree: Hdf5Tree }
  | { readonly pieces: Uint8Array[] }
  | { readonly shapes: number[][] }
  | {
      readonly error: string;
      /** The message is one of ours, in whole sentences. */
      readonly isOurs: boolean;
      /** The library's own memory may be damaged: the thread is not used again. */
      readonly isBroken: boolean;
    };

const isBuilt = import.meta.url.endsWith(".js");

interface Running {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly signal: Int32Array;
}

/**
 * The HDF5 library in a thread of its own, so that no file can crash, hang or flood the run: it starts when it is first
 * needed, its messages go nowhere, and it is replaced when it breaks or takes too long.
 */
export class Hdf5Thread {
  readonly #file: URL;
  #running: Running | undefined;

  /** Undefined where there can be no thread: in a page, and from source where nothing compiles it. */
  static find(): Hdf5Thread | undefined {
    if (!isBuilt && !process.execArgv.some((arg) => arg.includes("tsx"))) return undefined;
    const file = new URL(isBuilt ? "./worker.js" : "./worker.ts", import.meta.url);
    return existsSync(file) ? new Hdf5Thread(file) : undefined;
  }

  constructor(file: URL) {
    this.#file = file;
  }

  /**
   * Runs an order and waits for its answer.
   * @param size bytes that it is about
   * @param milliseconds how long to wait
   * @throws FormatError where that was not enough
   */
  run(order: Hdf5Order, size: number, milliseconds: number): Hdf5Answer {
    this.#running ??= this.#start();
    const { port, signal } = this.#running;
    const before = Atomics.load(signal, 0);
    port.postMessage(order);
    const end = performance.now() + milliseconds;
    // The thread may still be about to wake the one that waited for the answer before this one.
    while (Atomics.load(signal, 0) === before && performance.now() < end) {
      Atomics.wait(signal, 0, before, end - performance.now());
    }
    const answer = receiveMessageOnPort(port)?.message as Hdf5Answer | undefined;
    const isBroken = answer === undefined || ("error" in answer && answer.isBroken);
    if (isBroken || size > MOST_KEPT) this.end();
    if (answer) return answer;
    throw new FormatError(
      `the HDF5 library was not done after ${Math.round(milliseconds / 1000)} s.`,
    );
  }

  #start(): Running {
    const { port1, port2 } = new MessageChannel();
    const signal = new Int32Array(new SharedArrayBuffer(4));
    const worker = startThread(this.#file, {
      workerData: { port: port2, signal },
      transferList: [port2],
      // What the library writes there of a trap goes nowhere: its errors say it too.
      stdout: true,
      stderr: true,
    });
    worker.unref();
    port1.unref();
    return { worker, port: port1, signal };
  }

  /** Ends the thread; the next order starts another. */
  end(): void {
    void this.#running?.worker.terminate();
    this.#running = undefined;
  }
}

/** @throws FormatError where there can be no thread */
export function needed(thread: Hdf5Thread | undefined): Hdf5Thread {
  if (thread) return thread;
  throw new FormatError("HDF5 cannot be read or written here. Expected Node.js with its threads.");
}
