import { existsSync, mkdirSync, renameSync, rmSync, statfsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { FileError, systemErrorText } from "../../util/errors.ts";
import { fileNames, makeFolders } from "./file-system.ts";
import { flushFile, flushFolder } from "./flush.ts";
import { outputTarget } from "./output-target.ts";

/**
 * A folder that is being filled beside the name it will have: `path`.part, until it is complete. What an
 * interrupted run left there may be continued, or goes.
 */
export class PartialFolder {
  /** Where it is filled. */
  readonly folder: string;
  readonly #given: string;
  /** Behind all links. */
  readonly #path: string;
  readonly #inode: number;

  /** @throws FileError where `path` is taken, or cannot be written */
  constructor(path: string, isContinued: boolean) {
    this.#given = path;
    this.#path = this.#trying(() => newFolder(path.replace(/(?<=.)\/+$/, ""), path));
    this.folder = `${this.#path}.part`;
    this.#inode = this.#trying(() => {
      if (!isContinued) rmSync(this.folder, { recursive: true, force: true });
      if (isContinued) makeFolders(this.folder);
      else mkdirSync(this.folder);
      return statSync(this.folder).ino;
    });
  }

  /** Brings all of it to the disk, and gives it its name. */
  publish(): void {
    this.#trying(() => {
      // Another run may have begun anew in the meantime.
      if (statSync(this.folder).ino !== this.#inode) throw new Error("another run replaced it");
      for (const name of fileNames(this.folder)) flushFile(join(this.folder, name));
      flushFolder(this.folder);
      renameSync(this.folder, this.#path);
      flushFolder(dirname(this.#path));
    });
  }

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
      throw error instanceof FileError ? error : this.failed(error);
    }
  }

  /**
   * Makes sure that the disk has so many bytes left.
   * @throws FileError where it has not
   */
  needs(bytes: number): void {
    const left = this.bytesLeft;
    if (left >= bytes) return;
    throw new FileError(
      `database "${this.#given}" cannot be written: the disk of "${dirname(this.folder)}" is full, ${Math.floor(left / 1024)} KiB are left. Expected ${Math.ceil(bytes / 1024)} KiB.`,
    );
  }

  /**
   * How many bytes its disk has left.
   * @throws FileError where it is not there any more
   */
  get bytesLeft(): number {
    return this.#trying(() => spaceLeft(this.folder));
  }

  /** The error to throw for what went wrong while it was filled. */
  failed(error: unknown): FileError {
    return new FileError(
      `database "${this.#given}" cannot be written: ${systemErrorText(error) ?? (error as Error).message}.`,
      { cause: error },
    );
  }
}

/** Where links lead to what is not there yet. */
function newFolder(path: string, given: string): string {
  if (existsSync(path)) {
    throw new FileError(
      `database "${given}" exists. Expected a new name; remove it first to make it again.`,
    );
  }
  return outputTarget(path).path;
}

function spaceLeft(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
