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
