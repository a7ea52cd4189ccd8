import { createHash } from "node:crypto";
import { FileError, FormatError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { countOf } from "../../util/shape.ts";
import type { Backend, DbWriter } from "../db/db.ts";
import { createDatabase } from "../db/open.ts";
import { writeFileAtomically } from "../files/atomic-file.ts";
import { fileExists, removeFile } from "../files/file-system.ts";
import { readBytes, readText } from "../files/read-file.ts";
import { inOrder, type Work } from "../jobs/in-order.ts";

/** A record that was made of a line of a list, and the size of its image. */
export interface MadeRecord {
  readonly record: Uint8Array;
  readonly shape: readonly [number, number, number];
  /** What is strange about it. */
  readonly warnings?: readonly string[] | undefined;
}

/** How a database comes to be. */
export interface RecordOptions {
  /** Put before every path of the list, without a slash between. */
  readonly root: string;
  /** The text file that lists the images. */
  readonly list: string;
  readonly database: string;
  readonly backend: Backend;
  readonly gray: boolean;
  readonly shuffle: boolean;
  /** Decides the shuffled order. */
  readonly seed: number;
  /** The size of every image; 0 by 0 for its own. */
  readonly height: number;
  readonly width: number;
  /** Every image must have the size of the first. */
  readonly checkSize: boolean;
  /** Records hold image files rather than pixels. */
  readonly encoded: boolean;
  /** The kind of those files; empty for that of each image. */
  readonly encodeType: string;
  /** Goes on where an interrupted run stopped. */
  readonly resume: boolean;
  readonly threads: number;
}

/** Lines of a list in the order they are written, and what is made of each. */
interface RecordSource<Job> {
  /** The command, in the log. */
  readonly tool: string;
  readonly count: number;
  at(index: number): { readonly path: string; readonly line: number };
  /** What is to be done with each line from that one on. */
  jobs(from: number): Iterable<Job>;
  readonly work: Work<Job, MadeRecord>;
}

/** What came of it. */
export interface RecordResult {
  readonly written: number;
  /** Lines whose image could not be read. */
  readonly skipped: number;
  /** Whether it was stopped before the end; it can be resumed then. */
  readonly isInterrupted: boolean;
}

/**
 * Writes the images of a list to a database, as Caffe's tools do: keys are the line's number in eight digits, `_` and its
 * path; an image that cannot be read is skipped with a line in the log.
 *
 * @param onProgress is told how many lines of how many are done
 * @param signal stops it so that it can be resumed
 * @throws FileError, FormatError where it cannot go on, or no image could be read; nothing is left then
 */
export async function writeRecords<Job>(
  options: RecordOptions,
  source: RecordSource<Job>,
  log: Log,
  onProgress: (done: number, total: number) => void = () => {},
  signal?: AbortSignal,
): Promise<RecordResult> {
  const progress = new Progress(options);
  const writer = await createDatabase(options.database, options.backend, progress.isContinued);
  try {
    progress.begin(writer.lastKey);
    const result = await write(options, source, writer, progress, log, onProgress, signal);
    const { written, isInterrupted } = result;
    if (isInterrupted) {
      await writer.suspend();
      return result;
    }
    if (written === 0 && writer.lastKey === undefined) {
      throw new FormatError(
        `${options.list}: none of its ${source.count} images could be read. Expected paths below ${options.root}.`,
      );
    }
    await writer.finish();
    progress.forget();
    if (written % 1000 !== 0) log("info", source.tool, `Processed ${written} files.`);
    return result;
  } catch (error) {
    await writer.abandon();
    progress.forget();
    throw error;
  }
}

async function write<Job>(
  { list, threads, checkSize }: RecordOptions,
  source: RecordSource<Job>,
  writer: DbWriter,
  progress: Progress,
  log: Log,
  onProgress: (done: number, total: number) => void,
  signal: AbortSignal | undefined,
): Promise<RecordResult> {
  const { tool, work, count } = source;
  let [index, written, skipped] = [progress.next, 0, 0];
  for await (const outcome of inOrder(work, source.jobs(index), threads)) {
    if (signal?.aborted) return { written, skipped, isInterrupted: true };
    const { path, line } = source.at(index);
    if ("error" in outcome) {
      skipped++;
      log("error", tool, `${list}:${line}: ${outcome.error} It is skipped.`);
    } else {
      const { record, shape, warnings = [] } = outcome.result;
      for (const warning of warnings) log("warning", tool, `${list}:${line}: ${warning}`);
      if (checkSize) {
        const first = progress.firstShape(shape);
        if (shape.some((length, axis) => length !== first[axis])) {
          throw new FormatError(
            `${list}:${line}: ${path} is ${shape.join("×")}, and the first image ${first.join("×")}. Incorrect data field size ${countOf(shape)}. Expected images of one size; give --resize_height and --resize_width.`,
          );
        }
      }
      await writer.put(`${String(index).padStart(8, "0")}_${path}`, record);
      if (++written % 1000 === 0) log("info", tool, `Processed ${written} files.`);
    }
    onProgress(++index, count);
  }
  return { written, skipped, isInterrupted: false };
}

/** What of a run must be known to go on with it, in a file beside its partial database. */
interface Begun {
  /** How records come: 2, in the order of their lines. Runs before that left none, and may have mixed them. */
  readonly order?: number;
  readonly digest: string;
  readonly firstShape?: readonly number[] | undefined;
}

const ORDER = 2;

/** Where an interrupted run stands. */
class Progress {
  readonly #file: string;
  #begun: Begun;
  /** Whether there is a run to go on with. */
  readonly isContinued: boolean;
  /** The first line that is to be done. */
  next = 0;

  /** @throws FileError where another run was interrupted, with other options or by an older version */
  constructor(options: RecordOptions) {
    const { database, resume, threads, ...rest } = options;
    this.#file = `${database.replace(/\/+$/, "")}.part.json`;
    const digest = createHash("sha1")
      .update(JSON.stringify(rest))
      .update(readBytes(options.list, "image list"))
      .digest("hex");
    this.#begun = { order: ORDER, digest };
    this.isContinued = resume && fileExists(this.#file);
    if (!this.isContinued) return;
    this.#begun = begunIn(this.#file);
    if (this.#begun.order !== ORDER) {
      throw new FileError(
        `database "${database}" was begun by an older version, which could write images under other lines' keys. Leave out --resume to begin anew.`,
      );
    }
    if (this.#begun.digest !== digest) {
      throw new FileError(
        `database "${database}" was begun with another list or other flags. Expected the same; leave out --resume to begin anew.`,
      );
    }
  }

  /** @param lastKey the last record that is in the database */
  begin(lastKey: string | undefined): void {
    this.next = lastKey === undefined ? 0 : Number.parseInt(lastKey.slice(0, 8), 10) + 1;
    this.#write();
  }

  /** The size that all images must have: that of the first. */
  firstShape(shape: readonly number[]): readonly number[] {
    if (!this.#begun.firstShape) {
      this.#begun = { ...this.#begun, firstShape: shape };
      this.#write();
    }
    return this.#begun.firstShape ?? shape;
  }

  forget(): void {
    removeFile(this.#file);
  }

  #write(): void {
    writeFileAtomically(this.#file, [new TextEncoder().encode(`${JSON.stringify(this.#begun)}\n`)]);
  }
}

/** @throws FormatError where it is none, or damaged */
function begunIn(file: string): Begun {
  try {
    const begun: unknown = JSON.parse(readText(file, "progress file"));
    if (typeof begun === "object" && begun !== null) return begun as Begun;
  } catch (error) {
    if (error instanceof FileError) throw error;
  }
  throw new FormatError(
    `progress file "${file}" is damaged. Expected what an interrupted run left; leave out --resume to begin anew.`,
  );
}
