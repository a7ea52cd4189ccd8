import { resolve } from "node:path";
import { readText } from "../io/files/read-file.ts";
import type { RunEvent, StartEvent } from "./events.ts";
import { isRecord } from "./record-folder.ts";
import { runFiles } from "./run-files.ts";

/** The events of a text of lines. What is no event is read past: a line that was cut when its process was killed. */
export function parseEvents(text: string): RunEvent[] {
  return text.split("\n").flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line);
      return isEvent(value) ? [value] : [];
    } catch {
      return [];
    }
  });
}

function isEvent(value: unknown): value is RunEvent {
  if (typeof value !== "object" || value === null) return false;
  const { type, time, iter } = value as Record<keyof RunEvent, unknown>;
  return typeof type === "string" && Number.isFinite(time) && Number.isFinite(iter);
}

/**
 * The events of the record in a folder.
 * @throws FileError where there is none
 */
function readEvents(folder: string): RunEvent[] {
  return parseEvents(readText(runFiles(folder).events, "record's events"));
}

/** How a record's training began; undefined where nothing says it. */
export function startOf(events: readonly RunEvent[]): StartEvent | undefined {
  return events.find((event) => event.type === "start");
}

/**
 * The events of a record, and before them those of the trainings that it goes on from, up to the snapshot of each.
 * @throws FileError where there is no record in the folder
 */
export function readWholeCurve(folder: string): RunEvent[] {
  let events = readEvents(folder);
  const seen = new Set([resolve(folder)]);
  for (let start = startOf(events); start?.continues?.run !== undefined; ) {
    const before = resolve(start.folder, start.continues.run);
    if (seen.has(before) || !isRecord(before)) break;
    seen.add(before);
    const { iter } = start;
    const earlier = readEvents(before);
    start = startOf(earlier);
    events = [...earlier.filter((event) => isBefore(event, iter)), ...events];
  }
  return events;
}

/** Whether a training that goes on from the snapshot of that iteration does not do it again. */
function isBefore({ type, iter }: RunEvent, snapshot: number): boolean {
  return type === "snapshot" ? iter <= snapshot : iter < snapshot;
}
