import { type MessagePort, workerData } from "node:worker_threads";
import { CaffeError, systemErrorText } from "../../util/errors.ts";
import { RandomAccessFile } from "../files/random-access-file.ts";
import { Hdf5RowFile, storeRowsIn } from "./row-file.ts";
import { storageIn, storageOf } from "./storage.ts";
import type { Hdf5Answer, Hdf5Order } from "./thread.ts";
import { arrayIn, groupIn, type Hdf5Tree } from "./tree.ts";
import { readHdf5File, writeHdf5File } from "./tree-file.ts";

let rows: Hdf5RowFile | undefined;

/** Answers each order, and wakes the thread that waits for it. */
const { port, signal } = workerData as { port: MessagePort; signal: Int32Array };
port.on("message", (order: Hdf5Order) => {
  const [answer, transfer] = answerTo(order);
  port.postMessage(answer, transfer);
  Atomics.add(signal, 0, 1);
  Atomics.notify(signal, 0);
});

function answerTo(order: Hdf5Order): [Hdf5Answer, ArrayBuffer[]] {
  try {
    if ("source" in order) {
      const tree = read(order);
      return [{ tree }, buffersOf(tree)];
    }
    if ("tree" in order) {
      const pieces = writeHdf5File(order.tree);
      return [{ pieces }, pieces.map(({ buffer }) => buffer)];
    }
    if ("store" in order) return [{ shapes: storeRowsIn(...order.store) }, []];
    if ("rows" in order) rows = new Hdf5RowFile(order.rows);
    else if (order.call === "begin") rows?.begin(...order.args);
    else if (order.call === "write") rows?.write(...order.args);
    else rows?.[order.call]();
    return [{ pieces: [] }, []];
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const isOurs = error instanceof CaffeError;
    return [
      {
        error: systemErrorText(error) ?? text,
        isOurs,
        // A plain Error is the library's own; a trap, or memory or stack that ran out, is not.
        isBroken: !(isOurs || (error as Error | undefined)?.name === "Error"),
      },
      [],
    ];
  }
}

function read({ source, base, names }: Extract<Hdf5Order, { source: unknown }>): Hdf5Tree {
  if (typeof source !== "string") return readHdf5File(storageOf(source), base, names);
  const file = new RandomAccessFile(source);
  try {
    return readHdf5File(storageIn(file), base, names);
  } finally {
    file.close();
  }
}

/** The memory of every array in a tree: it is handed over, not copied. */
function buffersOf(tree: Hdf5Tree): ArrayBuffer[] {
  const buffers = Object.values(tree).flatMap((node) => {
    const array = arrayIn(node);
    return array ? [array.data.buffer as ArrayBuffer] : buffersOf(groupIn(node) ?? {});
  });
  return [...new Set(buffers)];
}
