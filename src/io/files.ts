import { readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { FileError, systemErrorText } from "../util/errors.ts";

/**
 * The bytes of a file.
 * @param what what it is to the reader, for the message: `net file`
 * @throws FileError where it cannot be read
 */
export function readBytes(path: string, what: string): Uint8Array {
  return reading(path, what, () => readFileSync(path));
}

/**
 * How many bytes a file has.
 * @throws FileError where it is not there
 */
export function fileSize(path: string, what: string): number {
  return reading(path, what, () => statSync(path).size);
}

function reading<T>(path: string, what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new FileError(
      `${what} "${path}" cannot be read: ${systemErrorText(error) ?? String(error)}.`,
      { cause: error },
    );
  }
}

/** The text of a file, as UTF-8. */
export function readText(path: string, what: string): string {
  return new TextDecoder().decode(readBytes(path, what));
}

/** The names in a folder; none where it cannot be read. */
export function fileNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
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
