import { LineFile } from "../io/files/line-file.ts";
import { printPrototxt } from "../io/text/prototxt.ts";
import type { Solver } from "../solvers/solver.ts";
import { FileError } from "../util/errors.ts";
import { shellWord } from "../util/shell-word.ts";
import type { RunEvent, StartEvent } from "./events.ts";
import { newRecord } from "./record-folder.ts";
import { type RunFiles, runFiles } from "./run-files.ts";

/**
 * What a training leaves behind in a folder: see run-files.ts. A disk that takes no more loses lines of it, not the training;
 * that is said once.
 */
export class RunRecord {
  readonly folder: string;
  readonly #files: RunFiles;
  readonly #events: LineFile;
  readonly #warn: (problem: string) => void;
  #log: LineFile | undefined;
  #snapshots: LineFile | undefined;
  #hasWarned = false;

  /**
   * @param path the folder, if it is free: see `newRecord`
   * @param warn takes what keeps lines from the record, once
   * @throws FileError where no folder can be made
   */
  constructor(path: string, warn: (problem: string) => void) {
    const { folder, events } = newRecord(path);
    this.folder = folder;
    this.#files = runFiles(folder);
    this.#events = events;
    this.#warn = warn;
  }

  /** Writes an event. */
  add(event: RunEvent): void {
    this.#trying(() => {
      this.#events.add(`${JSON.stringify(event)}\n`);
      if (event.type !== "snapshot") return;
      this.#snapshots ??= LineFile.append(this.#files.snapshots);
      this.#snapshots.add(`${event.state}\n`);
    });
  }

  /** Writes lines of the log. */
  addLog(lines: string): void {
    this.#trying(() => {
      this.#log ??= LineFile.append(this.#files.log);
      this.#log.add(lines);
    });
  }

  /** Writes what trains, how it was asked for, and what computes. */
  addFacts(
    { param, net, testNets }: Pick<Solver, "param" | "net" | "testNets">,
    { command, environment }: Pick<StartEvent, "command" | "environment">,
  ): void {
    const files = this.#files;
    this.#write(files.solver, printPrototxt("SolverParameter", param));
    this.#write(files.net, printPrototxt("NetParameter", net.written));
    for (const [i, { written }] of testNets.entries())
      this.#write(files.testNet(i), printPrototxt("NetParameter", written));
    this.#write(files.command, `${command.map(shellWord).join(" ")}\n`);
    this.#write(files.environment, `${JSON.stringify(environment, undefined, 2)}\n`);
  }

  /** Gives back the files. */
  close(): void {
    for (const file of [this.#events, this.#log, this.#snapshots]) file?.close();
  }

  #write(path: string, text: string): void {
    this.#trying(() => {
      const file = LineFile.append(path);
      try {
        file.add(text);
      } finally {
        file.close();
      }
    });
  }

  #trying(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      if (this.#hasWarned) return;
      this.#hasWarned = true;
      this.#warn(
        `the record of this run lacks what cannot be written: ${error.message} Training goes on. Expected room there; --run=FOLDER names another place, --run=off keeps none.`,
      );
    }
  }
}
