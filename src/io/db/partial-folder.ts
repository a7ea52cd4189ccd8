import { existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { FileError, systemErrorText } from "../../util/errors.ts";

/**
 * A folder that is being filled beside the name it will have: `path`.part, until it is complete. What an
 * interrupted run left there may be continued, or goes.
 */
export class PartialFolder {
  /** Where it is filled. */
  readonly folder: string;
  readonly #path: string;
  readonly #inode: number;

  /** @throws FileError where `path` is taken, or cannot be written */
  constructor(path: string, isContinued: boolean) {
    this.#path = path.replace(/\/+$/, "");
    this.folder = `${this.#path}.part`;
    if (existsSync(path)) {
      throw new FileError(
        `database "${path}" exists. Expected a new name; remove it first to make it again.`,
      );
    }
    try {
      if (!isContinued) rmSync(this.folder, { recursive: true, force: true });
      mkdirSync(this.folder, { recursive: isContinued });
      this.#inode = statSync(this.folder).ino;
    } catch (error) {
      throw this.failed(error);
    }
  }

  /** Gives it its name. */
  publish(): void {
    try {
      // Another run may have begun anew in the meantime.
      if (statSync(this.folder).ino !== this.#inode) throw new Error("another run replaced it");
      renameSync(this.folder, this.#path);
    } catch (error) {
      throw this.failed(error);
    }
  }

  discard(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The error to throw for what went wrong while it was filled. */
  failed(error: unknown): FileError {
    return new FileError(
      `database "${this.#path}" cannot be written: ${systemErrorText(error) ?? (error as Error).message}.`,
      { cause: error },
    );
  }
}
