import { closeSync, openSync, writeSync } from "node:fs";
import { FileError, systemErrorText } from "../../util/errors.ts";

/** The descriptor of standard output. */
const STDOUT = 1;
/** How long a full pipe is left to its reader before it is tried again, in milliseconds. */
const PIPE_MS = 1;

const sleeper = new Int32Array(new SharedArrayBuffer(4));

/** A file that is written at its end, each time by one write: several processes may do so, and a killed one leaves what is whole. */
export class AppendFile {
  readonly #path: string;
  readonly #handle: number;

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
  static create(path: string): AppendFile | undefined {
    try {
      return new AppendFile(path, () => openSync(path, "ax"));
    } catch (error) {
      const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
      if (code === "EEXIST") return undefined;
      throw error;
    }
  }

  /**
   * A file, which is added to where it is there, or a pipe; `-` is standard output.
   * @throws FileError where it cannot be opened
   */
  static append(path: string): AppendFile {
    if (path === "-") return new AppendFile("standard output", () => STDOUT);
    return new AppendFile(path, () => openSync(path, "a"));
  }

  /** @throws FileError where not all of it can be written */
  write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      try {
        done += writeSync(this.#handle, bytes, done);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw this.#failed(error);
        Atomics.wait(sleeper, 0, 0, PIPE_MS);
      }
    }
  }

  close(): void {
    if (this.#handle !== STDOUT) closeSync(this.#handle);
  }

  #failed(error: unknown): FileError {
    const why = systemErrorText(error) ?? (error as Error).message;
    return new FileError(`"${this.#path}" cannot be written: ${why}.`, { cause: error });
  }
}
