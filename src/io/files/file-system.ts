/** What lies at a path, and the small changes there that need no care: what is written goes through atomic-file.ts. */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { FileError, systemErrorText } from "../../util/errors.ts";

/** Whether there is a file or folder of that name. */
export function fileExists(path: string): boolean {
  return existsSync(path);
}

/** Whether the path is a regular file; false where it cannot be looked at. */
export function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch {
    return false;
  }
}

/** Whether the path is a folder; false where it cannot be looked at. */
export function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    return false;
  }
}

/** What changes of a file when it is written or replaced: its time, size and number; "" where there is none. */
export function fileStamp(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    return `${mtimeMs} ${size} ${ino}`;
  } catch {
    return "";
  }
}

/** Whether files can be written into the folder, which is there. */
export function isWritableFolder(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return isDirectory(path);
  } catch {
    return false;
  }
}

/** The names in a folder; none where it cannot be read. */
export function fileNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/**
 * Makes a folder, and those above it that are not there. Node's own way (`recursive`) never ends where a system says of a folder that is there
 * that it is not, as Linux does under /proc.
 * @throws Error of the system where that fails
 */
export function makeFolders(path: string): void {
  if (isDirectory(path)) return;
  const above = dirname(path);
  if (above !== path) makeFolders(above);
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have made it meanwhile.
    if (!isDirectory(path)) throw error;
  }
}

/**
 * As `makeFolders`.
 * @throws FileError where that fails
 */
export function makeFolder(path: string): void {
  try {
    makeFolders(path);
  } catch (error) {
    throw new FileError(`"${path}" cannot be made: ${systemErrorText(error) ?? String(error)}.`, {
      cause: error,
    });
  }
}

/** Removes a file; one that is not there, or cannot be removed, is left so. */
export function removeFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // A file that stays costs room and nothing else.
  }
}
