import type { Argv } from "yargs";
import type { Engines } from "../engines/choose.ts";
import { createEngines } from "../engines/create.ts";
import { CaffeError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { glogPrefix } from "./glog.ts";
import { LogFiles } from "./log-files.ts";
import { type LogSettings, logSettings, reaches } from "./log-settings.ts";

/** Flags that every command has. */
export interface CommonFlags {
  readonly engine: string | undefined;
  readonly threads: number | undefined;
  readonly gpu: string | undefined;
}

/** Adds the flags that every command has. */
export function withCommonFlags<T>(yargs: Argv<T>): Argv<T & CommonFlags> {
  return yargs
    .option("engine", {
      type: "string",
      choices: ["reference", "native"],
      describe: "which engine computes; the best there is by default",
    })
    .option("threads", {
      type: "number",
      describe: "threads of the native engine; one per core by default",
    })
    .option("gpu", { type: "string", describe: "GPUs to run on, by number" }) as Argv<
    T & CommonFlags
  >;
}

/** Writes log lines where glog's settings say; on a terminal a progress bar may take them to write them above itself. */
export class Console {
  /** Takes a line in place of standard error. */
  above: ((line: string) => void) | undefined;
  readonly #settings: LogSettings = logSettings({}, process.env);
  readonly #files: LogFiles | undefined =
    this.#settings.folder === undefined ? undefined : new LogFiles(this.#settings.folder);

  readonly log: Log = (severity, source, message) => {
    const { least, leastOnScreen } = this.#settings;
    if (!reaches(severity, least)) return;
    const line = `${glogPrefix(severity, source, new Date())}${message}\n`;
    this.#files?.write(severity, line);
    if (!reaches(severity, leastOnScreen)) return;
    if (this.above) this.above(line);
    else process.stderr.write(line);
  };

  /** Lets log files say why a command ended; on the screen that is the last line anyway. */
  logEnd(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#files?.write("fatal", `${glogPrefix("fatal", "caffe", new Date())}${message}\n`);
  }
}

/**
 * Makes sure that no GPU is asked for, and that --threads is a number of threads.
 * @throws CaffeError
 */
export function checkCommonFlags({ gpu, threads }: CommonFlags): void {
  if (gpu !== undefined && gpu !== "") {
    throw new CaffeError(
      `Cannot use GPU in CPU-only Caffe: check mode. --gpu is ${gpu}, and there is no GPU engine. Expected no --gpu.`,
    );
  }
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1)) {
    throw new CaffeError(`--threads is ${threads}. Expected a whole number, 1 or more.`);
  }
}

/**
 * The engines that the flags ask for, with Caffe's line about it.
 * @throws CaffeError where a GPU is asked for, EngineError where an engine cannot be loaded
 */
export function enginesFor(flags: CommonFlags, log: Log): Engines {
  checkCommonFlags(flags);
  const { engine, threads } = flags;
  log("info", "caffe", "Use CPU.");
  return createEngines({
    ...(engine !== undefined && { prefer: engine }),
    ...(threads !== undefined && { threads }),
    log,
  });
}
