import { appendFileSync, lstatSync, rmSync, symlinkSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { makeFolders } from "../io/files/file-system.ts";
import { FileError, systemErrorText } from "../util/errors.ts";
import type { Severity } from "../util/log.ts";
import { reaches } from "./log-settings.ts";

const levels: readonly Severity[] = ["info", "warning", "error", "fatal"];

/**
 * Log files as glog writes them: `caffe.<host>.<user>.log.<LEVEL>.<date>-<time>.<process>`, one for each level with every
 * line of that level and above, and a link `caffe.<LEVEL>` to the newest. A file is made with its first line.
 */
export class LogFiles {
  readonly #folder: string;
  readonly #startedAt: Date = new Date();
  readonly #paths: Map<Severity, string> = new Map();
  readonly #warn: (problem: string) => void;
  #hasFailed = false;

  /**
   * @param warn takes what keeps lines from the files, once
   * @throws FileError where the folder cannot be made
   */
  constructor(folder: string, warn: (problem: string) => void = () => {}) {
    this.#folder = folder;
    this.#warn = warn;
    try {
      makeFolders(folder);
    } catch (error) {
      throw new FileError(
        `log_dir "${folder}" cannot be made: ${systemErrorText(error) ?? String(error)}.`,
        { cause: error },
      );
    }
  }

  /** Writes a line to the file of its level and those below. A disk that takes no more loses log lines, not the run. */
  write(severity: Severity, line: string): void {
    for (const level of levels) {
      if (!reaches(severity, level)) continue;
      try {
        appendFileSync(this.#paths.get(level) ?? this.#begin(level), line);
      } catch (error) {
        if (this.#hasFailed) continue;
        this.#hasFailed = true;
        this.#warn(
          `log files in "${this.#folder}" cannot be written: ${systemErrorText(error) ?? String(error)}. Training goes on; lines are lost there.`,
        );
      }
    }
  }

  #begin(level: Severity): string {
    const two = (value: number): string => String(value).padStart(2, "0");
    const at = this.#startedAt;
    const date = [two(at.getMonth() + 1), two(at.getDate())];
    const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two);
    const LEVEL = level.toUpperCase();
    const stamp = `${at.getFullYear()}${date.join("")}-${time.join("")}`;
    const name = `caffe.${hostname()}.${userName()}.log.${LEVEL}.${stamp}.${process.pid}`;
    const path = join(this.#folder, name);
    this.#paths.set(level, path);
    appendFileSync(
      path,
      `Log file created at: ${at.getFullYear()}/${date.join("/")} ${time.join(":")}\nRunning on machine: ${hostname()}\nLog line format: [IWEF]mmdd hh:mm:ss.uuuuuu threadid file:line] msg\n`,
    );
    const link = join(this.#folder, `caffe.${LEVEL}`);
    try {
      // What else may have that name is not ours to remove.
      if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(link);
      symlinkSync(name, link);
    } catch {
      // Some file systems have no links; the file itself is there.
    }
    return path;
  }
}

/**
 * Who runs this, for a file's name; glog's word where the system knows no name, as for a bare number in a container.
 * @param known asks the system
 */
export function userName(known: () => string = () => userInfo().username): string {
  try {
    return known();
  } catch {
    return process.env["USER"]?.replace(/[^\w.@+-]/g, "_") || "invalid-user";
  }
}
