import { type MessagePort, workerData } from "node:worker_threads";
import { FormatError } from "../util/errors.ts";
import { readHdf5File, writeHdf5File } from "./hdf5-file.ts";
import type { Hdf5Answer, Hdf5Order } from "./hdf5-thread.ts";
import { arrayIn, groupIn, type Hdf5Tree } from "./hdf5-tree.ts";

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
    if ("bytes" in order) {
      const tree = readHdf5File(order.bytes, order.names);
      return [{ tree }, buffersOf(tree)];
    }
    const bytes = writeHdf5File(order.tree);
    return [{ bytes }, [bytes.buffer as ArrayBuffer]];
  } catch (error) {
    return [
      {
        error: error instanceof Error ? error.message : String(error),
        isOurs: error instanceof FormatError,
        // A plain Error is the library's own; a trap, or memory or stack that ran out, is not.
        isBroken: !(error instanceof FormatError || (error as Error | undefined)?.name === "Error"),
      },
      [],
    ];
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
