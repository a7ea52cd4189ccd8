import { EngineError } from "../util/errors.ts";
import { type Log, silent } from "../util/log.ts";
import type { Engines } from "./choose.ts";
import { createEngines } from "./create.ts";
import { openGpu } from "./webgpu/device.ts";

/** The GPU if there is one, else the best engine of the CPU, with a message that says why. */
export async function openEngines(log: Log = silent): Promise<Engines> {
  try {
    return createEngines({ gpu: await openGpu(), log });
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    log("warning", "engine", `${error.message} The CPU serves.`);
    return createEngines({ log });
  }
}

/** Engines as plain data says which: what a thread is told. */
export interface EngineNames {
  /** The engine to insist on, by its name; the best of this machine by default. */
  readonly engine?: string | undefined;
  /** Threads of the native engine; one for each core by default. */
  readonly threads?: number | undefined;
  /** The number of the GPU to compute on. */
  readonly gpu?: number | undefined;
}

/**
 * The engines of that name, or of that GPU.
 * @throws EngineError where they cannot be had
 */
export async function enginesNamed(
  { engine, threads, gpu }: EngineNames,
  log: Log,
): Promise<Engines> {
  const more = { log, ...(threads !== undefined && { threads }) };
  if (gpu !== undefined) return createEngines({ gpu: await openGpu({ index: gpu }), ...more });
  return createEngines({ ...more, ...(engine !== undefined && { prefer: engine }) });
}
