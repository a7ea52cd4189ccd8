import { hostname } from "node:os";
import { isFile } from "../../io/files/file-system.ts";
import { RandomAccessFile } from "../../io/files/random-access-file.ts";
import { isRunning } from "../../io/files/temporary-file.ts";
import type { RunEvent, StartEvent, StopEvent, TrainEvent } from "../../run-record/events.ts";
import { parseEvents } from "../../run-record/read-events.ts";
import { runFiles } from "../../run-record/run-files.ts";
import type { LogPart, Num } from "../api.ts";

/** A part of a log has no more bytes; without a beginning it is the last so many. */
const [MOST_LOG, LAST_LOG] = [2 ** 18, 2 ** 16];
const NEWLINE = 0x0a;

/** Reads the record of a run as it grows. Lines that are still being written are left for later. */
export class RecordReader {
  readonly folder: string;
  readonly #path: string;
  readonly #events: RunEvent[] = [];
  readonly #scores = new Map<string, Num>();
  #read = 0;
  #start: StartEvent | undefined;
  #last: TrainEvent | undefined;
  #stop: StopEvent | undefined;
  #rateFactor = 1;

  constructor(folder: string) {
    this.folder = folder;
    this.#path = runFiles(folder).events;
  }

  /** Reads what has come. @throws FileError where the record cannot be read any more */
  refresh(): void {
    const { bytes, next } = wholeLines(this.#path, this.#read, Number.POSITIVE_INFINITY);
    this.#read = next;
    for (const event of parseEvents(bytes.toString("utf8"))) this.#take(event);
  }

  #take(event: RunEvent): void {
    this.#events.push(event);
    if (event.type === "start") {
      [this.#start, this.#stop] = [event, undefined];
      this.#rateFactor = event.rateFactor ?? 1;
    } else if (event.type === "train") this.#last = event;
    else if (event.type === "stop") this.#stop = event;
    else if (event.type === "rate") this.#rateFactor = event.factor;
    else if (event.type === "test") {
      const prefix = event.net === 0 ? "" : `#${event.net} `;
      for (const [name, score] of Object.entries(event.scores))
        this.#scores.set(prefix + name, score);
    }
  }

  get events(): readonly RunEvent[] {
    return this.#events;
  }

  get start(): StartEvent | undefined {
    return this.#start;
  }

  /** The last iteration that was told of. */
  get last(): TrainEvent | undefined {
    return this.#last;
  }

  get stop(): StopEvent | undefined {
    return this.#stop;
  }

  get scores(): ReadonlyMap<string, Num> {
    return this.#scores;
  }

  /** What learning rates are multiplied by, as was set by hand last. */
  get rateFactor(): number {
    return this.#rateFactor;
  }

  /** Whether the process that writes it may still be there. */
  get isWritten(): boolean {
    const { environment, process: pid } = this.#start ?? {};
    if (this.#stop || pid === undefined) return false;
    // Of another machine's processes nothing is known: it is the record's word against nobody's.
    return environment?.host !== hostname() || isRunning(pid);
  }

  /** A part of the log: from a byte on, or its end. */
  log(since: number | undefined): LogPart {
    const path = runFiles(this.folder).log;
    if (!isFile(path)) return { text: "", from: 0, next: 0 };
    if (since !== undefined) {
      const { bytes, next } = wholeLines(path, since, MOST_LOG);
      return { text: bytes.toString("utf8"), from: since, next };
    }
    const { bytes, from, next } = lastLines(path, LAST_LOG);
    return { text: bytes.toString("utf8"), from, next };
  }
}

interface Lines {
  readonly bytes: Buffer;
  readonly next: number;
}

/** The whole lines of a file from a byte on, at most so many bytes of them. */
function wholeLines(path: string, from: number, most: number): Lines {
  const file = new RandomAccessFile(path, "record");
  try {
    // A file that is shorter than it was is another one.
    const begin = from > file.size ? 0 : from;
    const bytes = Buffer.alloc(Math.min(file.size - begin, most));
    const length = file.readInto(bytes, begin);
    const end = bytes.subarray(0, length).lastIndexOf(NEWLINE) + 1;
    // A line that is longer than all that may be read is cut.
    const taken = end === 0 && length === most ? length : end;
    return { bytes: bytes.subarray(0, taken), next: begin + taken };
  } finally {
    file.close();
  }
}

/** The lines at the end of a file. */
function lastLines(path: string, most: number): Lines & { readonly from: number } {
  const file = new RandomAccessFile(path, "record");
  const size = file.size;
  file.close();
  const begin = Math.max(0, size - most);
  const { bytes, next } = wholeLines(path, begin, most);
  const first = begin === 0 ? 0 : bytes.indexOf(NEWLINE) + 1;
  return { bytes: bytes.subarray(first), from: begin + first, next };
}
