import { closeSync, openSync, writeSync } from "node:fs";
import { FileError, systemErrorText } from "../../util/errors.ts";

/** The descriptor of standard output. */
const STDOUT = 1;
/** How long a full pipe is left to its reader before it is tried again, in milliseconds. */
const PIPE_MS = 1;

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/**
 * A file that lines are added to, each by one write to its end: a process that is killed leaves whole lines, and several
 * may write to one file.
 */
export class LineFile {
  readonly #path: string;
  readonly #handle: number;
  /** Whether the last line ended as it should. */
  #isWhole = true;

  private constructor(path: string, open: () => number) {
    this.#path = path;
    try {
      this.#handle = open();
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /**
   * A new file.
   * @returns undefined where there is one of that name
   * @throws FileError where it cannot be made
   */
  static create(path: string): LineFile | undefined {
    try {
      return new LineFile(path, () => openSync(path, "ax"));
    } catch (error) {
      const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
      if (code === "EEXIST") return undefined;
      throw error;
    }
  }

  /**
   * A file, which lines are added to where it is there, or a pipe; `-` is standard output.
   * @throws FileError where it cannot be opened
   */
  static append(path: string): LineFile {
    if (path === "-") return new LineFile("standard output", () => STDOUT);
    return new LineFile(path, () => openSync(path, "a"));
  }

  /**
   * Adds lines, which end with a line break.
   * @throws FileError where they cannot be written; what is added next begins a line of its own
   */
  add(lines: string): void {
    const bytes = Buffer.from(this.#isWhole ? lines : `\n${lines}`);
    this.#isWhole = false;
    for (let done = 0; done < bytes.length; ) {
      try {
        done += writeSync(this.#handle, bytes, done);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw this.#failed(error);
        Atomics.wait(sleeper, 0, 0, PIPE_MS);
      }
    }
    this.#isWhole = true;
  }

  close(): void {
    if (this.#handle !== STDOUT) closeSync(this.#handle);
  }

  #failed(error: unknown): FileError {
    const why = systemErrorText(error) ?? (error as Error).message;
    return new FileError(`"${this.#path}" cannot be written: ${why}.`, { cause: error });
  }
}
