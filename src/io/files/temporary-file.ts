import { createHash } from "node:crypto";
import { readFileSync, readlinkSync, statSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import { threadId } from "node:worker_threads";
import { fileNames, removeFile } from "./file-system.ts";

/** Bytes of a name that are kept: a temporary name, which is longer, is to be one as well. */
const MOST_NAME = 180;
/** What a writer that cannot be asked has left is taken for abandoned when it has not changed for so long. */
const WEEK_MS = 7 * 24 * 3600 * 1000;

/**
 * The name of a file that is written beside the one whose name it will have. It tells who writes it: machine, process and
 * thread.
 */
export function temporaryOf(path: string): string {
  return join(dirname(path), `.${shortened(basename(path))}.tmp-${writer()}`);
}

function shortened(name: string): string {
  let short = name;
  while (new TextEncoder().encode(short).length > MOST_NAME) short = short.slice(0, -1);
  return short;
}

function writer(): string {
  return `${machine()}-${process.pid}-${threadId}`;
}

let known: string | undefined;

/**
 * Eight digits for what numbers its processes by itself: a machine since it was started, or a container on it. A number
 * says nothing of a process elsewhere, and folders are shared.
 */
function machine(): string {
  const part = (read: () => string): string => {
    try {
      return read();
    } catch {
      return "";
    }
  };
  known ??= createHash("sha1")
    .update(hostname())
    .update(part(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")))
    .update(part(() => readlinkSync("/proc/self/ns/pid")))
    .digest("hex")
    .slice(0, 8);
  return known;
}

/** Removes what writers that are gone have left of temporary files for a path. */
export function removeAbandoned(path: string): void {
  removeTemporaries(dirname(path), `.${shortened(basename(path))}.`, false);
}

/**
 * Removes what writers that are gone have left of temporary files for paths that begin with a prefix and `_`. This thread
 * must write none while it asks.
 */
export function removeLeftovers(prefix: string): void {
  removeTemporaries(dirname(prefix), `.${basename(prefix)}_`, true);
}

function removeTemporaries(folder: string, begin: string, withOwn: boolean): void {
  for (const name of fileNames(folder)) {
    if (!name.startsWith(begin)) continue;
    const writer = /\.tmp-(?:(\w{8})-(\d+)-(\d+)|\d+)(?:-copy|-before)?$/.exec(name);
    if (!writer) continue;
    const [, where, number, thread] = writer;
    const path = join(folder, name);
    const isOwn = Number(number) === process.pid && Number(thread) === threadId;
    const isGone =
      where === machine()
        ? (withOwn && isOwn) || !isRunning(Number(number))
        : ageOf(path) > WEEK_MS;
    if (isGone) removeFile(path);
  }
}

function ageOf(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

/** Whether a process of this machine has that number. */
export function isRunning(number: number): boolean {
  try {
    process.kill(number, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
