import { join } from "node:path";
import { fileExists, fileNames, isDirectory, makeFolder } from "../io/files/file-system.ts";
import { LineFile } from "../io/files/line-file.ts";
import { runFiles } from "./run-files.ts";

/** A folder for a record, and its file of events, which is empty. */
interface NewRecord {
  readonly folder: string;
  readonly events: LineFile;
}

/**
 * Makes the folder of a new record: `path` where nothing lies there, else `path-2`, `path-3` and so on. Of several processes
 * that want one at once each gets its own.
 * @throws FileError where none can be made
 */
export function newRecord(path: string): NewRecord {
  for (let i = 1; ; i++) {
    const folder = i === 1 ? path : `${path}-${i}`;
    if (fileExists(folder) && !(isDirectory(folder) && fileNames(folder).length === 0)) continue;
    makeFolder(folder);
    const events = LineFile.create(runFiles(folder).events);
    if (events) return { folder, events };
  }
}

/** Whether the folder holds a record. */
export function isRecord(folder: string): boolean {
  return fileExists(runFiles(folder).events);
}

/** Names of records in a folder of `caffe new`. */
export const IN_RUN = /^record(?:-\d+)?$/;

/** The records in a folder: itself, or those in it and in the folders of `caffe new` in it. */
export function recordsIn(folder: string): string[] {
  if (isRecord(folder)) return [folder];
  return namesIn(folder)
    .map((name) => join(folder, name))
    .flatMap((one) => (isRecord(one) ? [one] : recordsOfRun(one)));
}

/** The records in a folder of `caffe new`. */
function recordsOfRun(run: string): string[] {
  return namesIn(run)
    .filter((name) => IN_RUN.test(name))
    .map((name) => join(run, name))
    .filter(isRecord);
}

/** In the order of their numbers. */
function namesIn(folder: string): string[] {
  return fileNames(folder).sort(new Intl.Collator("en", { numeric: true }).compare);
}
