import { readFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, parse } from "node:path";
import { writeFileAtomically } from "../../io/files/atomic-file.ts";
import { makeFolder } from "../../io/files/file-system.ts";
import type { Log } from "../../util/log.ts";
import type { ChoiceStore, Choices } from "../choices.ts";

/** Choices by machine, as the file holds them. */
type File = Record<string, Choices>;

/** Where choices are kept: `caffe-ts/tuning.json` in the user's folder for caches. */
export function defaultTuningFile(env: NodeJS.ProcessEnv): string {
  return join(env["XDG_CACHE_HOME"] || join(home(), ".cache"), "caffe-ts", "tuning.json");
}

/** The user's folder; of a user whom the system does not know, as in some containers, one for what need not last. */
function home(): string {
  try {
    return homedir();
  } catch {
    return tmpdir();
  }
}

/** The file beside another in which one of several processes keeps its choices: no two write the same. */
export function tuningFileOf(path: string, name: string): string {
  const { dir, name: stem, ext } = parse(path);
  return join(dir, `${stem}.${name}${ext}`);
}

/**
 * Keeps choices in a JSON file, apart for each machine (cpu, version of the library, threads). The file is replaced
 * as a whole, so that another process never reads half of one. One that cannot be read or written is left out with one line in
 * the log: then choices hold for this run.
 */
export class TuningFile implements ChoiceStore {
  readonly #path: string;
  readonly #machine: string;
  readonly #log: Log;
  #isWritable = true;

  constructor(path: string, machine: string, log: Log) {
    this.#path = path;
    this.#machine = machine;
    this.#log = log;
  }

  read(): Choices {
    return { ...this.#readAll(true)[this.#machine] };
  }

  write(choices: Choices): void {
    if (!this.#isWritable) return;
    try {
      // Another run may have added to the file since it was read.
      const all = this.#readAll(false);
      all[this.#machine] = { ...all[this.#machine], ...choices };
      makeFolder(dirname(this.#path));
      const text = `${JSON.stringify(all, undefined, 1)}\n`;
      writeFileAtomically(this.#path, [new TextEncoder().encode(text)]);
    } catch (error) {
      this.#isWritable = false;
      this.#complain("cannot be written", error);
    }
  }

  #readAll(complains: boolean): File {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
      if (complains && !isMissing) this.#complain("cannot be read", error);
      return {};
    }
    try {
      return checked(JSON.parse(text));
    } catch (error) {
      if (complains) this.#complain("is damaged and is not used", error);
      return {};
    }
  }

  #complain(what: string, error: unknown): void {
    const why = (error as Error).message.split("\n")[0];
    this.#log(
      "warning",
      "engine",
      `Algorithms are tried again: ${this.#path} ${what} (${why}). CAFFE_TUNE names another file, or off.`,
    );
  }
}

/** @throws Error where a value is none that `write` wrote */
function checked(value: unknown): File {
  const isRecord = (one: unknown): one is Record<string, unknown> =>
    typeof one === "object" && one !== null && !Array.isArray(one);
  if (!isRecord(value)) throw new Error("it holds no choices");
  for (const choices of Object.values(value)) {
    const isOne = isRecord(choices) && Object.values(choices).every((v) => typeof v === "string");
    if (!isOne) throw new Error("it holds no choices");
  }
  return value as File;
}
