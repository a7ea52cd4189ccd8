import { AppendFile } from "./append-file.ts";

/** A file that lines are added to, whole ones, whatever becomes of the process or was before. */
export class LineFile {
  readonly #file: AppendFile;
  /** Whether the last line ended as it should. */
  #isWhole = true;

  private constructor(file: AppendFile) {
    this.#file = file;
  }

  /**
   * A new file.
   * @returns undefined where there is one of that name
   * @throws FileError where it cannot be made
   */
  static create(path: string): LineFile | undefined {
    const file = AppendFile.create(path);
    return file && new LineFile(file);
  }

  /**
   * A file, which lines are added to where it is there, or a pipe; `-` is standard output.
   * @throws FileError where it cannot be opened
   */
  static append(path: string): LineFile {
    return new LineFile(AppendFile.append(path));
  }

  /**
   * Adds lines, which end with a line break.
   * @throws FileError where they cannot be written; what is added next begins a line of its own
   */
  add(lines: string): void {
    const bytes = Buffer.from(this.#isWhole ? lines : `\n${lines}`);
    this.#isWhole = false;
    this.#file.write(bytes);
    this.#isWhole = true;
  }

  close(): void {
    this.#file.close();
  }
}
