import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import type { Worker } from "node:worker_threads";
import { isFile } from "../../io/files/file-system.ts";
import { startThread } from "../../threads/start-thread.ts";

/** The compiled program of a model's thread. */
export const THREAD = new URL("./thread.js", import.meta.url);

/**
 * MiB in which a thread's new objects lie from the start. V8 begins with one, which grows as it fills: a large net is opened between dozens of
 * collections then, which copy what it is made of again and again.
 */
const YOUNG_HEAP = 16;

/** A thread that loads its modules while it is not yet known what it will open, and its program. */
let ahead: { readonly file: URL; readonly worker: Worker } | undefined;

/** Whether there is such a program. */
export function isThere(file: URL): boolean {
  return file.protocol === "file:" && isFile(fileURLToPath(file));
}

/** Starts a model's thread ahead: what it loads takes as long as to load the rest of a command and to read its flags. */
export function startAhead(file: URL = THREAD): void {
  if (ahead || !isThere(file)) return;
  setFlagsFromString(`--min-semi-space-size=${YOUNG_HEAP}`);
  ahead = { file, worker: startThread(file) };
  // A command that fails before it is used ends without it.
  ahead.worker.unref();
}

/** A thread with that program: the one that was started ahead, once, or a new one. */
export function modelThread(file: URL): Worker {
  if (ahead?.file.href !== file.href) return startThread(file);
  const { worker } = ahead;
  ahead = undefined;
  return worker;
}
