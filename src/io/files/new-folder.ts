import { readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { FileError, systemErrorText } from "../../util/errors.ts";
import { fileExists, isDirectory, makeFolders } from "./file-system.ts";

/** Files and folders that belong together, made beside the folder that will hold them: `path`.part. */
export class NewFolder {
  /** Where they are made. */
  readonly folder: string;
  readonly #path: string;

  /**
   * @param isForced the folder may hold others already; those of the same names are replaced, the rest stays
   * @throws FileError where it holds something and may not, or nothing can be made there
   */
  constructor(path: string, isForced = false) {
    this.#path = path.replace(/(?<=.)\/+$/, "");
    this.folder = `${this.#path}.part`;
    if (fileExists(path) && !isDirectory(path)) {
      throw new FileError(`"${path}" is a file. Expected a new folder.`);
    }
    this.#trying(() => {
      if (!isForced && isDirectory(path) && readdirSync(path).length > 0) {
        throw new FileError(
          `"${path}" is not empty. Expected a new folder; --force replaces what was made there before and leaves the rest.`,
        );
      }
      rmSync(this.folder, { recursive: true, force: true });
      makeFolders(this.folder);
    });
  }

  /**
   * Gives all of it its place.
   * @throws FileError where that fails
   */
  publish(): void {
    this.#trying(() => {
      if (!isDirectory(this.#path)) {
        makeFolders(dirname(this.#path));
        renameSync(this.folder, this.#path);
        return;
      }
      for (const name of readdirSync(this.folder)) {
        rmSync(join(this.#path, name), { recursive: true, force: true });
        renameSync(join(this.folder, name), join(this.#path, name));
      }
      rmdirSync(this.folder);
    });
  }

  /** Takes away what was made. */
  discard(): void {
    try {
      rmSync(this.folder, { recursive: true, force: true });
    } catch {
      // What cannot be removed costs room and nothing else.
    }
  }

  #trying<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (error instanceof FileError) throw error;
      throw new FileError(
        `"${this.#path}" cannot be made: ${systemErrorText(error) ?? (error as Error).message}.`,
        { cause: error },
      );
    }
  }
}
