import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import type { Engine, PartialEngine } from "../engine.ts";
import type { Addon } from "./addon.ts";
import { nativeEngine } from "./index.ts";

/** Where the build leaves the addon: the package's own folder, seen from src and from dist alike. */
const FILE = fileURLToPath(new URL("../../../build/Release/caffe_native.node", import.meta.url));

let addon: Addon | undefined;

/**
 * The addon, loaded at first use.
 * @throws Error where it has not been built, or a library it needs is missing
 */
function loadAddon(): Addon {
  if (addon) return addon;
  if (!existsSync(FILE)) throw new Error(`${FILE} has not been built`);
  // Threads that spin long while they wait hold the core that another process would give back: 20000 turns
  // nearly double the time of a step where cores are shared, 1000 do not, and alone both are as fast.
  process.env["GOMP_SPINCOUNT"] ??= "1000";
  addon = createRequire(import.meta.url)(FILE) as Addon;
  return addon;
}

/**
 * The native engine.
 * @param fallback takes the shapes that have no native form
 * @param threads number of threads; that of cores by default
 * @throws Error where the addon cannot be loaded
 */
export function loadNativeEngine(fallback: Engine, threads?: number): PartialEngine {
  const loaded = loadAddon();
  loaded.setThreads(threads ?? availableParallelism());
  return nativeEngine(loaded, fallback);
}

/** The version of oneDNN that the addon is linked with, or why there is none. */
export function nativeVersion(): string {
  try {
    return `oneDNN ${loadAddon().version}`;
  } catch (error) {
    return `not built (${(error as Error).message.split("\n")[0]})`;
  }
}
