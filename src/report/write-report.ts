import { join } from "node:path";
import { writeFilesAtomically } from "../io/files/atomic-file.ts";
import { makeFolder } from "../io/files/file-system.ts";
import type { Report } from "./report.ts";

/**
 * Writes a report into a folder: all files of it or none.
 * @returns the file to begin with
 * @throws FileError where it cannot be written
 */
export function writeReport(folder: string, { files }: Report): string {
  makeFolder(folder);
  writeFilesAtomically(files.map(([name, chunks]) => ({ path: join(folder, name), chunks })));
  return join(folder, files.at(-1)?.[0] ?? "");
}
