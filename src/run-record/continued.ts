import { resolve } from "node:path";
import { isFile } from "../io/files/file-system.ts";
import { RandomAccessFile } from "../io/files/random-access-file.ts";
import { readText } from "../io/files/read-file.ts";
import type { StartEvent } from "./events.ts";
import { parseEvents, startOf } from "./read-events.ts";
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
    const start = startIn(record);
    if (!start || start.time < latest) continue;
    const names = readText(list, "list of snapshots").split("\n").filter(Boolean);
    if (names.some((name) => resolve(start.folder, name) === path)) {
      [found, latest] = [record, start.time];
    }
  }
  return found;
}

/** Bytes of a file of events in which its first line ends, however long the command line was. */
const HEAD = 2 ** 18;

/** How a record's training began: of its events the first. */
function startIn(record: string): StartEvent | undefined {
  const file = new RandomAccessFile(runFiles(record).events, "record's events");
  try {
    const head = new Uint8Array(Math.min(HEAD, file.size));
    const length = file.readInto(head, 0);
    const [first = ""] = new TextDecoder().decode(head.subarray(0, length)).split("\n", 1);
    return startOf(parseEvents(first));
  } finally {
    file.close();
  }
}
