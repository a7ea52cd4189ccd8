import { availableParallelism, cpus } from "node:os";
import { loadAddonFile } from "../../addons/addon-file.ts";
import { EngineError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { version } from "../../util/version.ts";
import type { ChoiceStore, Choices } from "../choices.ts";
import type { Engine, PartialEngine } from "../engine.ts";
import type { Addon } from "./addon.ts";
import { nativeEngine } from "./index.ts";
import { type SharedTuning, Tuner } from "./tuner.ts";
import { defaultTuningFile, TuningFile, tuningFileOf } from "./tuning-file.ts";

/** What the library could not do, or no memory was left for. */
class NativeError extends EngineError {
  constructor(what: string) {
    super(`the native engine: ${what}. Expected a smaller shape, or --engine reference.`);
  }
}

let addon: Addon | undefined;

/**
 * The addon, loaded at first use.
 * @throws MissingAddonError where there is none, or none can be loaded
 */
export function loadAddon(): Addon {
  if (addon) return addon;
  // Read by OpenMP when the addon is loaded. A thread that waits spins as long as the gaps between a small net's
  // layers (5000 turns are about 0.2 ms), then sleeps: sleeping at once costs LeNet a tenth of its step, and spinning
  // on holds the core that another process would give back.
  process.env["GOMP_SPINCOUNT"] ??= "5000";
  addon = loadAddonFile("caffe_native") as Addon;
  addon.setErrorClass(NativeError);
  return addon;
}

/**
 * The native engine. It tries algorithms when it meets a shape for the first time, and remembers what was fastest in
 * a file (`CAFFE_TUNE` names another; `off` leaves the choice to the library).
 * @param fallback takes the shapes that have no native form
 * @param threads number of threads; that of cores by default
 * @param tuning of one of several processes that compute together
 * @throws Error where the addon cannot be loaded
 */
export function loadNativeEngine(
  fallback: Engine,
  log: Log,
  threads: number = availableParallelism(),
  tuning?: SharedTuning,
): PartialEngine {
  const loaded = loadAddon();
  loaded.setThreads(threads);
  return nativeEngine(loaded, fallback, tunerFor(loaded, threads, log, tuning));
}

function tunerFor(addon: Addon, threads: number, log: Log, tuning?: SharedTuning): Tuner {
  return new Tuner(storeFor(addon, threads, log, tuning?.name), tuning?.known);
}

/** Undefined where nothing is to be tried. */
function storeFor(
  { version: oneDnn, digest }: Addon,
  threads: number,
  log: Log,
  name?: string,
): ChoiceStore | undefined {
  const processor = cpus()[0]?.model ?? process.arch;
  const library = `oneDNN ${oneDnn}, sources ${digest}`;
  return choicesOf(`${processor}, ${library}, threads ${threads}`, log, name);
}

/**
 * Where choices for a machine or a GPU are kept between runs; undefined where nothing is to be tried. They hold for this version:
 * another has other algorithms, or knows when they pay.
 */
export function choicesOf(machine: string, log: Log, name?: string): ChoiceStore | undefined {
  const asked = process.env["CAFFE_TUNE"];
  if (asked === "off") return undefined;
  const file = asked || defaultTuningFile(process.env);
  const path = name === undefined ? file : tuningFileOf(file, name);
  return new TuningFile(path, `${machine}, caffe-ts ${version}`, log);
}

/** What the native engine knows of this machine's fastest algorithms with so many threads; nothing where it is not built. */
export function knownChoices(threads: number, log: Log): Choices {
  try {
    return storeFor(loadAddon(), threads, log)?.read() ?? {};
  } catch {
    return {};
  }
}

/** The version of oneDNN that the addon is linked with, or why there is none. */
export function nativeVersion(): string {
  try {
    return `oneDNN ${loadAddon().version}`;
  } catch (error) {
    return `not built (${(error as Error).message.split("\n")[0]})`;
  }
}
