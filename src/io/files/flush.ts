import { closeSync, fsyncSync, openSync } from "node:fs";

/** Brings what a file holds to the disk. */
export function flushFile(path: string): void {
  const file = openSync(path, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Makes the names in a folder outlive a power cut, where the system lets folders be flushed. */
export function flushFolder(path: string): void {
  let folder: number | undefined;
  try {
    folder = openSync(path, "r");
    fsyncSync(folder);
  } catch {
    // Some file systems refuse to flush folders; the names themselves are there.
  } finally {
    if (folder !== undefined) closeSync(folder);
  }
}
