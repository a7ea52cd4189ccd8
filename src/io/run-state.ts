import { FormatError } from "../util/errors.ts";
import { writeFileAtomically } from "./atomic-file.ts";
import { readText } from "./files.ts";

type LayerStates = Readonly<
  Record<string, Readonly<Record<string, number | string | readonly number[]>>>
>;

/** What lies beside a .solverstate so that a resumed run goes on to the bit. Plain JSON. */
export interface RunState {
  readonly version: 1;
  readonly iter: number;
  /** State of the train net's layers, by layer name. */
  readonly train: LayerStates;
  /** The same for each test net. */
  readonly test: readonly LayerStates[];
}

/** The .runstate that belongs to a .solverstate. */
export function runStatePath(solverState: string): string {
  return solverState.replace(/(\.solverstate)?$/, ".runstate");
}

export function writeRunState(path: string, state: RunState): void {
  writeFileAtomically(path, [new TextEncoder().encode(`${JSON.stringify(state)}\n`)]);
}

/**
 * Reads a .runstate.
 * @throws FileError, FormatError
 */
export function readRunState(path: string): RunState {
  const text = readText(path, "run state");
  try {
    const state = JSON.parse(text) as RunState;
    if (state.version === 1 && typeof state.iter === "number") return state;
  } catch (error) {
    throw new FormatError(`${path}: it is no JSON. Remove it to resume without it.`, {
      cause: error,
    });
  }
  throw new FormatError(
    `${path}: it is no run state of version 1. Remove it to resume without it.`,
  );
}
