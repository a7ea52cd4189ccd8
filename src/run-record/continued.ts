import { resolve } from "node:path";
import { isFile } from "../io/files/file-system.ts";
import { readText } from "../io/files/read-file.ts";
import { readEvents, startOf } from "./read-events.ts";
import { recordsIn } from "./record-folder.ts";
import { runFiles } from "./run-files.ts";

/**
 * The record, among those in some folders, of the training that wrote a snapshot; of several, for one may have written over
 * another's, that which began last. Undefined where none of them says so.
 */
export function recordOfSnapshot(snapshot: string, folders: readonly string[]): string | undefined {
  const path = resolve(snapshot);
  const records = new Set(folders.flatMap(recordsIn).map((one) => resolve(one)));
  let [found, latest]: [string | undefined, number] = [undefined, 0];
  for (const record of records) {
    const list = runFiles(record).snapshots;
    if (!isFile(list)) continue;
    const start = startOf(readEvents(record));
    if (!start || start.time < latest) continue;
    const names = readText(list, "list of snapshots").split("\n").filter(Boolean);
    if (names.some((name) => resolve(start.folder, name) === path)) {
      [found, latest] = [record, start.time];
    }
  }
  return found;
}
