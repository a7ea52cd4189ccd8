import { EngineError } from "../util/errors.ts";
import { type Log, silent } from "../util/log.ts";
import type { Engines } from "./choose.ts";
import { loadNativeEngine } from "./native/binding.ts";
import { ReferenceEngine } from "./reference/index.ts";

/** Which engine a user asks for. */
export interface EngineChoice {
  /** Insist on this one; without it the best there is. */
  readonly prefer?: string;
  /** Threads of the native engine; the number of cores by default. */
  readonly threads?: number;
  readonly log?: Log;
}

let shared: Engines | undefined;

/** The engines of nets and solvers that are given none: the best of this machine, made once. */
export function defaultEngines(): Engines {
  shared ??= createEngines();
  return shared;
}

/**
 * The engines of a run, best first; the reference engine always comes last and takes what others lack.
 * @throws EngineError where the engine asked for cannot be loaded
 */
export function createEngines({ prefer, threads, log = silent }: EngineChoice = {}): Engines {
  const reference = new ReferenceEngine();
  if (prefer === "reference") return [reference];
  if (prefer !== undefined && prefer !== "native") {
    throw new EngineError(`engine "${prefer}" is not known. Expected reference or native.`);
  }
  try {
    return [loadNativeEngine(reference, threads), reference];
  } catch (error) {
    const why = (error as Error).message.split("\n")[0] ?? "";
    if (prefer === "native") {
      throw new EngineError(
        `the native engine cannot be loaded: ${why}. Run npm run setup, or choose --engine reference.`,
        { cause: error },
      );
    }
    log(
      "info",
      "engine",
      `The native engine cannot be loaded (${why}); the reference engine serves.`,
    );
    return [reference];
  }
}
