import { basename, dirname, join, parse, relative, resolve } from "node:path";
import { fileExists } from "../io/files/file-system.ts";
import { LineFile } from "../io/files/line-file.ts";
import { RUN_FILE } from "../new-run/run-file.ts";
import { recordOfSnapshot } from "../run-record/continued.ts";
import type { RunEvent, StartEvent, StopEvent } from "../run-record/events.ts";
import { RunRecord } from "../run-record/run-record.ts";
import { RunTeller } from "../run-record/run-teller.ts";
import { startEvent } from "../run-record/start-event.ts";
import type { Solver } from "../solvers/solver.ts";
import { TensorBoardLog } from "../tensorboard/tensorboard-log.ts";
import { CaffeError, FileError } from "../util/errors.ts";
import type { Console } from "./session.ts";

/** Where records lie by default, and what record of a run of `caffe new` is called in its folder. */
const [RUNS, RECORD] = ["runs", "record"];
/** The folder of a record that TensorBoard reads. */
const TENSORBOARD = "tensorboard";
/** The value of `--run` for no record. */
const OFF = "off";

/** Flags that say what a training leaves behind. */
export interface RecordFlags {
  readonly run: string | undefined;
  readonly events: string | undefined;
  /** Empty for the record's folder. */
  readonly tensorboard: string | undefined;
}

/** What is known of a training beside its flags. */
interface Training {
  readonly solver: Solver;
  /** The solver's file. */
  readonly file: string;
  /** Of the native engine; undefined for as many as there are cores. */
  readonly threads: number | undefined;
  readonly ranks: number;
  /** The snapshot that it goes on from. */
  readonly snapshot: string | undefined;
}

/** Whether a training keeps a record: `CAFFE_RUN` says what `--run` does not. */
export function keepsRecord(flags: RecordFlags): boolean {
  return runOf(flags) !== OFF;
}

function runOf({ run }: RecordFlags): string | undefined {
  return run || process.env["CAFFE_RUN"] || undefined;
}

/** What a training tells while it runs: to its record, and to whoever reads `--events`. */
export class TrainRun {
  readonly #flags: RecordFlags;
  readonly console: Console;
  readonly #open: { close(): void }[] = [];
  #folder: string | undefined;
  #running: { readonly solver: Solver; readonly teller: RunTeller } | undefined;

  constructor(flags: RecordFlags, console: Console) {
    [this.#flags, this.console] = [flags, console];
  }

  /**
   * Training begins.
   * @throws FileError where the file of events, or TensorBoard's, cannot be opened; CaffeError where that has no place
   */
  begin(training: Training): void {
    const [flags, { solver, file }] = [this.#flags, training];
    const place = keepsRecord(flags) ? recordPlace(runOf(flags), file) : undefined;
    const command = ["caffe", ...process.argv.slice(2)];
    const continues = continuedBy(training, place);
    const start = startEvent(solver, { ...training, command, continues });
    const teller = new RunTeller(start.imagesPerIteration);
    this.#running = { solver, teller };
    if (flags.events) teller.listen(this.#eventFile(flags.events));
    const record = place === undefined ? undefined : this.#record(place);
    if (record) {
      this.#folder = record.folder;
      record.addFacts(solver, start);
      teller.listen((event) => record.add(event));
    }
    const board = this.#tensorBoard(record, start);
    if (board) {
      board.begin(solver, start);
      teller.listen((event) => board.take(event));
    }
    teller.tell(start);
    if (teller.isHeard) solver.callbacks.push(teller);
    if (board) solver.callbacks.push(board);
  }

  /** The folder of the record, once training has begun; undefined where there is none. */
  get folder(): string | undefined {
    return this.#folder;
  }

  /** Training has ended, as the solver says, or by an error. */
  end(error?: unknown): void {
    if (!this.#running) return;
    const { solver, teller } = this.#running;
    const how: Pick<StopEvent, "reason" | "message"> =
      error === undefined
        ? { reason: solver.ending }
        : { reason: "error", message: error instanceof Error ? error.message : String(error) };
    teller.tell({ type: "stop", time: Date.now(), iter: solver.iter, ...how });
    this.#running = undefined;
  }

  /** Gives back the files. */
  close(): void {
    this.console.copyTo();
    for (const one of this.#open) one.close();
  }

  /** A record, which takes the log from now on; where it cannot be made, the log says so and training goes on. */
  #record(place: string): RunRecord | undefined {
    const { log } = this.console;
    try {
      const record = new RunRecord(place, (problem) => log("warning", "caffe", problem));
      this.#open.push(record);
      this.console.copyTo((lines) => record.addLog(lines));
      // What reads a pipe reads Caffe's lines.
      if (process.stderr.isTTY) log("info", "caffe", `The record of this run is ${record.folder}`);
      return record;
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.console.copyTo();
      const more = "--run=FOLDER names another place, --run=off keeps none.";
      log("warning", "caffe", `this run leaves no record: ${error.message} ${more}`);
      return undefined;
    }
  }

  /** What TensorBoard shows, where it is asked for. */
  #tensorBoard(record: RunRecord | undefined, { time }: StartEvent): TensorBoardLog | undefined {
    const { tensorboard: given } = this.#flags;
    if (given === undefined) return undefined;
    const folder = given || (record && join(record.folder, TENSORBOARD));
    if (folder === undefined) {
      throw new CaffeError(
        "--tensorboard names no folder, and this run leaves no record. Expected --tensorboard=FOLDER.",
      );
    }
    const warn = (problem: string): void => this.console.log("warning", "caffe", problem);
    const board = new TensorBoardLog(folder, time, warn);
    this.#open.push(board);
    return board;
  }

  /** Writes events to a file or, for `-`, to standard output. Who reads it may leave: training goes on. */
  #eventFile(path: string): (event: RunEvent) => void {
    const file = LineFile.append(path);
    this.#open.push(file);
    let isRead = true;
    return (event) => {
      if (!isRead) return;
      try {
        file.add(`${JSON.stringify(event)}\n`);
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        isRead = false;
        const text = `--events: ${error.message} Training goes on without them.`;
        this.console.log("warning", "caffe", text);
      }
    };
  }
}

/** Where a record goes if nothing lies there: by its name or folder, else by the solver's file. */
function recordPlace(run: string | undefined, solver: string): string {
  const folder =
    run === undefined ? dirname(solver) : /[\\/]|^\.+$/.test(run) ? run : join(RUNS, run);
  if (fileExists(join(folder, RUN_FILE))) return join(folder, RECORD);
  return run === undefined ? join(RUNS, nameOf(solver)) : folder;
}

/** `lenet` of `lenet_solver.prototxt` and of `lenet/solver.prototxt`. */
function nameOf(solver: string): string {
  const path = resolve(solver);
  const name = parse(path).name.replace(/[_-]?solver$/, "");
  return name || basename(dirname(path)) || "run";
}

/** The snapshot that a training goes on from, and the record of the one that wrote it. */
function continuedBy(
  { snapshot }: Training,
  place: string | undefined,
): StartEvent["continues"] | undefined {
  if (snapshot === undefined) return undefined;
  const folders = [RUNS, dirname(snapshot), ...(place === undefined ? [] : [dirname(place)])];
  const run = recordOfSnapshot(snapshot, folders);
  return { snapshot, ...(run !== undefined && { run: relative("", run) || run }) };
}
