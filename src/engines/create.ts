import { EngineError, MissingAddonError } from "../util/errors.ts";
import { type Log, silent } from "../util/log.ts";
import { checkOptions, type OptionNames } from "../util/options.ts";
import type { Engines } from "./choose.ts";
import type { PartialEngine } from "./engine.ts";
import { tellFallback } from "./fallback.ts";
import { choicesOf, loadNativeEngine } from "./native/binding.ts";
import type { SharedTuning } from "./native/tuner.ts";
import { ReferenceEngine } from "./reference/index.ts";
import { loadWasmEngine } from "./wasm/load.ts";
import type { Gpu } from "./webgpu/gpu.ts";
import { webgpuEngine } from "./webgpu/index.ts";

/** Which engine a user asks for. */
export interface EngineChoice {
  /** Insist on this one; without it the best there is. "webgpu" needs `gpu`. */
  readonly prefer?: string;
  /** Threads of the native engine, 1 to 1024; the number of cores by default. */
  readonly threads?: number;
  /** Compute on this GPU, which `openGpu` opened; layers that have no GPU form run on the CPU. */
  readonly gpu?: Gpu;
  /** Of the native engine in one of several processes that compute together: how it takes the fastest algorithms. */
  readonly tuning?: SharedTuning;
  readonly log?: Log;
}

const engineChoice: OptionNames<EngineChoice> = {
  prefer: true,
  threads: true,
  gpu: true,
  tuning: true,
  log: true,
};

let shared: Engines | undefined;

/** The engines of nets and solvers that are given none: the best of this machine, made once. */
export function defaultEngines(): Engines {
  shared ??= createEngines();
  return shared;
}

/**
 * The engines of a run, best first; the reference engine always comes last and takes what others lack.
 * @throws EngineError where the engine asked for cannot be loaded, or the number of threads is none
 */
export function createEngines(choice: EngineChoice = {}): Engines {
  checkOptions("createEngines", choice, engineChoice);
  const { prefer, threads, gpu, tuning, log = silent } = choice;
  if (gpu && (prefer === undefined || prefer === "webgpu")) {
    const choices = choicesOf(`${gpu.name}, ${gpu.adapter.driver}`, log);
    if (choices) gpu.tune(choices);
    const onHost = { ...(threads && { threads }), ...(tuning && { tuning }), log };
    return [webgpuEngine(gpu), ...createEngines(onHost)] as Engines;
  }
  const reference = new ReferenceEngine();
  if (prefer === "reference") return [reference];
  if (prefer === "webgpu") {
    throw new EngineError('engine "webgpu" needs a GPU. Expected one from openGpu() as gpu.');
  }
  if (prefer === "wasm") return [wasmEngine(reference), reference];
  if (prefer !== undefined && prefer !== "native") {
    throw new EngineError(
      `engine "${prefer}" is not known. Expected reference, wasm, native or webgpu.`,
    );
  }
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= 1024)) {
    throw new EngineError(`threads is ${threads}. Expected a whole number from 1 to 1024.`);
  }
  try {
    return [loadNativeEngine(reference, log, threads, tuning), reference];
  } catch (error) {
    if (prefer !== "native") return withoutAddon(error, reference, choice.log);
    const why = (error as Error).message.split("\n")[0] ?? "";
    const mend = error instanceof MissingAddonError ? `${error.mend} Or choose` : "Choose";
    throw new EngineError(`the native engine cannot be loaded: ${why}. ${mend} --engine wasm.`, {
      cause: error,
    });
  }
}

/** WebAssembly where it runs, else plain loops. */
function withoutAddon(why: unknown, reference: ReferenceEngine, log: Log | undefined): Engines {
  try {
    const engine = wasmEngine(reference);
    tellFallback(why, "the wasm engine serves", log);
    return [engine, reference];
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    tellFallback(why, "the reference engine serves", log);
    return [reference];
  }
}

function wasmEngine(reference: ReferenceEngine): PartialEngine {
  try {
    return loadWasmEngine(reference);
  } catch (error) {
    throw new EngineError(
      `the wasm engine cannot be loaded: ${(error as Error).message}. Expected WebAssembly with SIMD, as every browser has had since 2023, or --engine reference.`,
      { cause: error },
    );
  }
}
