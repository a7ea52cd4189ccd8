import { closeSync, openSync } from "node:fs";
import { FileError, systemErrorText } from "../../util/errors.ts";
import { writeAll } from "./output-target.ts";

/** The descriptor of standard output. */
const STDOUT = 1;

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
    try {
      writeAll(this.#handle, [bytes]);
    } catch (error) {
      throw this.#failed(error);
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
