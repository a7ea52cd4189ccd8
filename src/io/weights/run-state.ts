import { createHash } from "node:crypto";
import { FormatError } from "../../util/errors.ts";
import { RandomAccessFile } from "../files/random-access-file.ts";
import { readText } from "../files/read-file.ts";

type LayerStates = Readonly<
  Record<string, Readonly<Record<string, number | string | readonly number[]>>>
>;

/** What lies beside a .solverstate so that a resumed run goes on to the bit. Plain JSON. */
export interface RunState {
  readonly version: 1;
  readonly iter: number;
  /** State of the train net's layers, by the layers' keys. */
  readonly train: LayerStates;
  /** The same for each test net. */
  readonly test: readonly LayerStates[];
  /** What the solver itself remembers. */
  readonly solver?: SolverMemory;
  /** SHA-256 of the two files of the same snapshot. */
  readonly files?: { readonly model: string; readonly state: string };
  /** Of a run of several workers, by worker: the states of the train net's layers that are others than those of `train`. */
  readonly workers?: readonly LayerStates[];
}

/** What a solver remembers besides iteration, step and history. */
export interface SolverMemory {
  readonly smoothedLoss: {
    readonly losses: readonly number[];
    readonly next: number;
    readonly value: number;
  };
  /** Iteration of the learning rate's last step. */
  readonly lastStep: number;
  /** What learning rates are multiplied by, where that was set by hand. */
  readonly rateFactor?: number;
  /** The best score so far, and the best of what a plateau is found by. */
  readonly best?: { readonly value: number; readonly iter: number };
  readonly plateau?: { readonly value: number; readonly iter: number };
  /** Of L-BFGS: the objective where the weights are. */
  readonly lbfgs?: { readonly loss: number; readonly objective: number };
  /** The first loss of the run: what exploding is measured by. */
  readonly firstLoss?: number;
  /** Iterations of this run's snapshots, oldest first. */
  readonly snapshots: readonly number[];
  /** Iterations of the snapshots of the best score, oldest first: the last one, and in its own file the one it replaces. */
  readonly bestSnapshots?: readonly number[];
}

/** The .runstate that belongs to a .solverstate, or to a .solverstate.h5. */
export function runStatePath(solverState: string): string {
  return solverState.replace(/(?:\.solverstate)?(\.h5)?$/, "$1.runstate");
}

const PIECE = 2 ** 26;

/**
 * SHA-256 of a file, as hexadecimal digits.
 * @throws FileError where it cannot be read
 */
export function digestOfFile(path: string, what: string): string {
  const file = new RandomAccessFile(path, what);
  try {
    const pieces = function* (): Generator<Uint8Array> {
      const piece = new Uint8Array(Math.min(PIECE, file.size));
      for (let at = 0; at < file.size; at += piece.length) {
        yield piece.subarray(0, file.readInto(piece, at));
      }
    };
    return digestOf(pieces());
  } finally {
    file.close();
  }
}

/** SHA-256 of bytes in pieces, as hexadecimal digits. */
export function digestOf(chunks: Iterable<Uint8Array>): string {
  const hash = createHash("sha256");
  for (const chunk of chunks) {
    // No more than 2 GiB are taken at once.
    for (let at = 0; at < chunk.length; at += PIECE) hash.update(chunk.subarray(at, at + PIECE));
  }
  return hash.digest("hex");
}

/** The bytes of a .runstate. Its last entry is the digest of all that stands before it. */
export function encodeRunState(state: RunState): Uint8Array {
  const text = textOf(state);
  return encoder.encode(`${text.slice(0, -1)},"sha256":"${digestOf([encoder.encode(text)])}"}\n`);
}

const encoder = new TextEncoder();

/** JSON has no word for what is no finite number: it becomes a string, which Number() reads. */
function textOf(state: object): string {
  return JSON.stringify(state, (_key, value: unknown) =>
    typeof value === "number" && !Number.isFinite(value) ? String(value) : value,
  );
}

/**
 * Reads a .runstate.
 * @throws FileError, FormatError where it is damaged or of another kind
 */
export function readRunState(path: string): RunState {
  const text = readText(path, "run state");
  const refuse = (problem: string, cause?: unknown): never => {
    throw new FormatError(`${path}: ${problem}. Remove it to resume without it.`, { cause });
  };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return refuse("it is no JSON", error);
  }
  if (!isRunState(parsed)) return refuse("it is no run state of version 1");
  const { sha256, ...state } = parsed;
  const [digested = ""] = text.split(',"sha256":', 1);
  if (sha256 !== undefined && sha256 !== digestOf([encoder.encode(`${digested}}`)])) {
    return refuse("it is damaged: its digest is another");
  }
  return state;
}

const KEYS: ReadonlySet<string> = new Set([
  "version",
  "iter",
  "train",
  "test",
  "solver",
  "files",
  "workers",
  "sha256",
]);

function isRunState(value: unknown): value is RunState & { readonly sha256?: string } {
  const isRecord = (one: unknown): one is Record<string, unknown> =>
    typeof one === "object" && one !== null && !Array.isArray(one);
  const areStates = (one: unknown): boolean => isRecord(one) && Object.values(one).every(isRecord);
  if (!isRecord(value) || Object.keys(value).some((key) => !KEYS.has(key))) return false;
  const { version, iter, train, test, solver, files, workers } = value;
  return (
    version === 1 &&
    Number.isSafeInteger(iter) &&
    areStates(train) &&
    Array.isArray(test) &&
    test.every(areStates) &&
    (files === undefined || isRecord(files)) &&
    (workers === undefined || (Array.isArray(workers) && workers.every(areStates))) &&
    (solver === undefined ||
      (isRecord(solver) &&
        Array.isArray(solver["snapshots"]) &&
        isRecord(solver["smoothedLoss"]) &&
        Array.isArray(solver["smoothedLoss"]["losses"])))
  );
}
