import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  type Stats,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { FileError } from "../../util/errors.ts";

/** Where an output goes: a file that may be replaced, or what takes bytes as they come. */
export interface OutputTarget {
  /** Behind all links, so that a file that is written beside it can take its place. */
  readonly path: string;
  /** A device, a pipe: nothing takes its place, it is written to. */
  readonly isStream: boolean;
  /** The file that is there now. */
  readonly before: Stats | undefined;
}

/** As many links as Linux follows. */
const MOST_LINKS = 40;

/**
 * Follows an output's links, whether or not there is anything at their end.
 * @throws FileError where nothing can be written there: a folder, a disk, a socket; the system's error where a part of the
 *   path cannot be looked at, or the file is not to be written
 */
export function outputTarget(given: string): OutputTarget {
  let path = given;
  for (let links = 0; ; links++) {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (!stats?.isSymbolicLink()) return targetOf(path, stats, given);
    if (links === MOST_LINKS) throw Object.assign(new Error("ELOOP"), { code: "ELOOP" });
    const folder = realpathSync(dirname(path));
    // What a process has open has no name to follow: it may be a pipe, or a file that was removed.
    if (folder.startsWith("/proc/")) {
      return { path: join(folder, basename(path)), isStream: true, before: undefined };
    }
    path = resolve(folder, readlinkSync(path));
  }
}

function targetOf(path: string, stats: Stats | undefined, given: string): OutputTarget {
  const refuse = (kind: string): never => {
    throw new FileError(`"${given}" cannot be written: it is ${kind}. Expected a file.`);
  };
  if (stats?.isDirectory()) return refuse("a directory");
  if (stats?.isBlockDevice()) return refuse("a disk");
  if (stats?.isSocket()) return refuse("a socket");
  if (stats && !stats.isFile()) return { path, isStream: true, before: undefined };
  if (stats) accessSync(path, constants.W_OK);
  return {
    path: join(realpathSync(dirname(path)), basename(path)),
    isStream: false,
    before: stats,
  };
}

/** Gives a file the mode and, where the system lets it, the owner of that whose place it takes. */
export function likeBefore(path: string, before: Stats | undefined): void {
  if (!before) return;
  try {
    chownSync(path, before.uid, before.gid);
  } catch {
    // Only root gives files away.
  }
  chmodSync(path, before.mode & 0o7777);
}

/** Writes bytes to a device or a pipe. A pipe without a reader is not waited for. */
export function writeStream(path: string, chunks: Iterable<Uint8Array>): void {
  if (dirname(path) === `/proc/${process.pid}/fd`) {
    // It is open: what stands in it already is to stay.
    writeAll(Number(basename(path)), chunks);
    return;
  }
  // Opened once: who reads takes the first writer's end for the end of all.
  const waiting = lstatSync(path).isFIFO() ? constants.O_NONBLOCK : 0;
  const stream = openSync(path, constants.O_WRONLY | waiting);
  try {
    writeAll(stream, chunks);
  } finally {
    closeSync(stream);
  }
}

/** The system writes no more than 2 GiB at once. */
const MOST_AT_ONCE = 2 ** 30;

/** Writes all of the chunks where an open file stands. */
export function writeAll(file: number, chunks: Iterable<Uint8Array>): void {
  for (const chunk of chunks) {
    for (let done = 0; done < chunk.length; ) {
      done += writeSome(file, chunk.subarray(done, done + MOST_AT_ONCE));
    }
  }
}

/** Writes as much as is taken; a pipe that is full for now is waited for. */
function writeSome(file: number, bytes: Uint8Array): number {
  try {
    return writeSync(file, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
    // No other thread wakes the one that waits here.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    return 0;
  }
}
