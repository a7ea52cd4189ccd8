import { closeSync, openSync, readFileSync, statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join, parse } from "node:path";
import { writeFileAtomically } from "../../io/files/atomic-file.ts";
import { makeFolder, removeFile } from "../../io/files/file-system.ts";
import { FileError } from "../../util/errors.ts";
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

/** Milliseconds after which choices are written, with all that came meanwhile: to write takes as long as a small net's pass. */
const SOON = 250;
/** Choices of a machine, and machines of which there are some: more than any user's nets need. The oldest go first. */
const [MOST_CHOICES, MOST_MACHINES] = [4096, 32];

/** Files with choices that are to be written, and the timer and the listener for the end that will have them written. */
const late = new Set<TuningFile>();
let timer: NodeJS.Timeout | undefined;
let isListening = false;

/** Writes what is late, of all files. */
function writeLate(patience: number): void {
  clearTimeout(timer);
  timer = undefined;
  for (const file of [...late]) file.flush(patience);
}

/** Sees to it that a file is written soon, or at the end of the process or thread. */
function writeSoon(file: TuningFile): void {
  late.add(file);
  timer ??= setTimeout(() => writeLate(0), SOON).unref();
  if (isListening) return;
  isListening = true;
  process.once("exit", () => writeLate(PATIENCE));
}

/**
 * Keeps choices in a JSON file, apart for each machine (cpu, versions, threads). They are written a moment later, together,
 * or as the process ends; one that is killed has them tried again. What others have written stays. The file is replaced as a
 * whole, so that another process never reads half of one. One that cannot be read or written is left out with one line in
 * the log: then choices hold for this run.
 */
export class TuningFile implements ChoiceStore {
  readonly #path: string;
  readonly #machine: string;
  readonly #log: Log;
  #isWritable = true;
  /** The log has told that it cannot be read: that it cannot be written either is no news. */
  #isUnreadable = false;
  #unwritten: Choices = {};

  constructor(path: string, machine: string, log: Log) {
    this.#path = path;
    this.#machine = machine;
    this.#log = log;
  }

  read(): Choices {
    const ours = [...late].filter(
      (one) => one.#path === this.#path && one.#machine === this.#machine,
    );
    const unwritten = ours.map((one) => one.#unwritten);
    return Object.assign({ ...this.#readAll(true)[this.#machine] }, ...unwritten) as Choices;
  }

  write(choices: Choices): void {
    if (!this.#isWritable) return;
    Object.assign(this.#unwritten, choices);
    writeSoon(this);
  }

  /**
   * Writes what has been left for later.
   * @param patience milliseconds to wait for others that write; 0 leaves it for a moment later where there are such
   */
  flush(patience = PATIENCE): void {
    late.delete(this);
    if (!this.#isWritable || Object.keys(this.#unwritten).length === 0) return;
    try {
      makeFolder(dirname(this.#path));
      if (!alone(`${this.#path}.lock`, patience, () => this.#add(this.#unwritten))) writeSoon(this);
      else this.#unwritten = {};
    } catch (error) {
      this.#isWritable = false;
      if (!this.#isUnreadable) this.#complain("cannot be written", error);
    }
  }

  /** To what the file holds now: another run may have added to it since it was read. */
  #add(choices: Choices): void {
    const { [this.#machine]: own, ...others } = this.#readAll(false);
    const all = {
      ...newest(others, MOST_MACHINES - 1),
      [this.#machine]: newest({ ...own, ...choices }, MOST_CHOICES),
    };
    const text = `${JSON.stringify(all, undefined, 1)}\n`;
    writeFileAtomically(this.#path, [new TextEncoder().encode(text)]);
  }

  #readAll(complains: boolean): File {
    let text: string;
    try {
      text = readFileSync(this.#path, "utf8");
    } catch (error) {
      const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
      if (complains && !isMissing) {
        this.#isUnreadable = true;
        this.#complain("cannot be read", error);
      }
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
    const [why] = (error as Error).message.split("\n");
    const told = error instanceof FileError ? why : `${this.#path} ${what} (${why}).`;
    this.#log(
      "warning",
      "engine",
      `Algorithms are tried again: ${told} CAFFE_TUNE names another file, or off.`,
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

/** The last entries of a record, which came last. */
function newest<T>(record: Readonly<Record<string, T>>, most: number): Record<string, T> {
  const entries = Object.entries(record);
  return entries.length <= most ? record : Object.fromEntries(entries.slice(-most));
}

/** Milliseconds of the wait for others at the end of a process, and of one look whether they are done. */
const [PATIENCE, LOOK] = [200, 5];
/** A lock that is as old was left by a process that was killed. */
const ABANDONED = 10_000;

/**
 * Runs it while no other process does, which a file tells. Who has waited in vain runs it all the same: then what another writes in
 * this moment may be lost, and is tried again.
 * @returns false where others do and there is no patience
 */
function alone(lock: string, patience: number, use: () => void): boolean {
  let isOurs = locked(lock);
  for (let waited = 0; isOurs === false && waited < patience; waited += LOOK) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK);
    isOurs = locked(lock);
  }
  if (isOurs === false && patience === 0) return false;
  try {
    use();
  } finally {
    if (isOurs) removeFile(lock);
  }
  return true;
}

/** Whether the lock is ours now; undefined where there can be none. */
function locked(lock: string): boolean | undefined {
  try {
    closeSync(openSync(lock, "wx"));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") return undefined;
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - since > ABANDONED) removeFile(lock);
    return false;
  }
}
