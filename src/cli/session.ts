import type { Argv } from "yargs";
import type { Engines } from "../engines/choose.ts";
import type { EngineChoice } from "../engines/create.ts";
import type { Gpu } from "../engines/webgpu/gpu.ts";
import type { SolverParameter } from "../io/proto/caffe.ts";
import type { NetOptions } from "../net/options.ts";
import { CaffeError, EngineError } from "../util/errors.ts";
import type { Log, Severity } from "../util/log.ts";
import { printable } from "../util/printable.ts";
import { MOST_THREADS, whole } from "./flags.ts";
import { glogPrefix } from "./glog.ts";
import { LogFiles } from "./log-files.ts";
import { type LogSettings, logSettings, reaches } from "./log-settings.ts";

/** Flags that every command has. */
export interface CommonFlags {
  readonly engine: string | undefined;
  readonly threads: number | undefined;
  readonly gpu: string | undefined;
  readonly python?: string | undefined;
  /** Of commands that have it. */
  readonly precision?: NetOptions["precision"];
}

/** Adds the flags that every command has. */
export function withCommonFlags<T>(yargs: Argv<T>): Argv<T & CommonFlags> {
  return yargs
    .option("engine", {
      type: "string",
      choices: ["reference", "wasm", "native", "webgpu"],
      describe: "which engine computes; the best there is on the CPU by default",
    })
    .option(
      ...whole("threads", {
        least: 1,
        most: MOST_THREADS,
        describe: "threads of the native engine; one per core by default",
      }),
    )
    .option("gpu", {
      type: "string",
      describe:
        "run on this GPU, by its number in caffe device_query; train takes several, 0,1, or all: each trains with a batch of its own",
    })
    .option("python", {
      type: "string",
      describe: "run layers in Python in this one; python3, or what CAFFE_PYTHON names, by default",
    }) as Argv<T & CommonFlags>;
}

/** How the text of a net or a solver begins in the log: its lines are its own, and what its strings hold is escaped. */
const PARAMETERS = /^Initializing \w+ from parameters: \n/;

/** Writes log lines where glog's settings say; a progress bar on a terminal may take them, and writes them above itself. */
export class Console {
  /** Takes a line in place of standard error. */
  above: ((line: string) => void) | undefined;
  /** Takes every line that is written, beside standard error and log files. */
  #copies: (line: string) => void;
  /** Lines that wait for who takes them. */
  #kept: string[] | undefined;
  readonly #settings: LogSettings = logSettings({}, process.env);
  readonly #files: LogFiles | undefined =
    this.#settings.folder === undefined
      ? undefined
      : new LogFiles(this.#settings.folder, (problem) =>
          this.#show(lineOf("warning", "caffe", problem)),
        );

  /** @param keepsLines lines are kept until `copyTo` says where they go */
  constructor(keepsLines = false) {
    this.#kept = keepsLines ? [] : undefined;
    this.#copies = (line) => void this.#kept?.push(line);
  }

  readonly log: Log = (severity, source, message) => {
    const { least, leastOnScreen } = this.#settings;
    if (!reaches(severity, least)) return;
    const line = lineOf(severity, source, message);
    this.#files?.write(severity, line);
    this.#copies(line);
    if (reaches(severity, leastOnScreen)) this.#show(line);
  };

  /** From now on all lines go there too, first those that were kept; without a place none does. */
  copyTo(take: (lines: string) => void = () => {}): void {
    if (this.#kept && this.#kept.length > 0) take(this.#kept.join(""));
    this.#kept = undefined;
    this.#copies = take;
  }

  #show(line: string): void {
    if (this.above) this.above(line);
    else process.stderr.write(line);
  }

  /** Lets log files say why a command ended; on the screen that is the last line anyway. */
  logEnd(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const line = lineOf("fatal", "caffe", message);
    this.#files?.write("fatal", line);
    this.#copies(line);
  }
}

/** A log without its INFO lines: for commands whose result is not their log. */
export function withoutInfo(log: Log): Log {
  return (severity, source, message) => {
    if (severity !== "info") log(severity, source, message);
  };
}

function lineOf(severity: Severity, source: string, message: string): string {
  const text = printable(message, PARAMETERS.test(message) ? "\t\n" : "\t");
  return `${glogPrefix(severity, source, new Date())}${text}\n`;
}

/**
 * Makes sure that --gpu is one GPU that --engine does not contradict.
 * @throws CaffeError
 */
export function checkCommonFlags({ engine, gpu }: CommonFlags): void {
  if (gpu && !/^\d+$/.test(gpu)) {
    throw new CaffeError(
      `--gpu is ${gpu}. Expected the number of one GPU; caffe device_query lists them.`,
    );
  }
  if (gpu && engine !== undefined && engine !== "webgpu") {
    throw new CaffeError(`--gpu ${gpu} with --engine ${engine}. Expected one of the two.`);
  }
}

/**
 * The number of the GPU to run on: of --gpu, of --engine webgpu (the first), or of a solver that says
 * `solver_mode: GPU` while no engine is asked for; undefined for the CPU.
 */
export function gpuNumber(flags: CommonFlags, solver?: SolverParameter): number | undefined {
  if (flags.gpu) return Number(flags.gpu);
  if (flags.engine === "webgpu") return 0;
  const isOfSolver = flags.engine === undefined && solver?.solver_mode === "GPU";
  return isOfSolver ? (solver.device_id ?? 0) : undefined;
}

/** A GPU by the number that `--gpu` gives it. */
export interface NumberedGpu {
  readonly number: number;
  readonly name: string;
}

/**
 * The engines that the flags ask for, with Caffe's lines about it. Where a GPU is asked for and there is none it is an
 * error, not a run on the CPU.
 * @param gpus all that train together, this one with them
 * @throws CaffeError, EngineError
 */
export async function enginesFor(
  flags: CommonFlags,
  log: Log,
  solver?: SolverParameter,
  { tuning, gpus }: { tuning?: EngineChoice["tuning"]; gpus?: readonly NumberedGpu[] } = {},
): Promise<Engines> {
  checkCommonFlags(flags);
  const { engine, threads, python } = flags;
  if (python !== undefined) (await import("../bridge/python.ts")).choosePython(python);
  // Commands whose nets are opened in threads need no engines themselves.
  const { createEngines } = await import("../engines/create.ts");
  const more = { ...(threads !== undefined && { threads }), ...(tuning && { tuning }), log };
  const number = gpuNumber(flags, solver);
  if (number === undefined) {
    log("info", "caffe", "Use CPU.");
    return createEngines({ ...(engine !== undefined && { prefer: engine }), ...more });
  }
  const gpu = await openGpuFor(number, flags);
  const all = gpus ?? [{ number, name: gpu.adapter.name }];
  log("info", "caffe", `Using GPUs ${all.map((one) => one.number).join(", ")}`);
  for (const one of all) log("info", "caffe", `GPU ${one.number}: ${one.name}`);
  if (gpu.adapter.isSoftware) {
    log(
      "warning",
      "caffe",
      `GPU ${number} is a program on the CPU: right for tests, not for speed.`,
    );
  }
  return createEngines({ gpu, ...more });
}

async function openGpuFor(number: number, flags: CommonFlags): Promise<Gpu> {
  const { openGpu } = await import("../engines/webgpu/device.ts");
  try {
    return await openGpu({ index: number, readiesBlocks: flags.precision === "f16" });
  } catch (error) {
    if (!(error instanceof EngineError) || flags.gpu || flags.engine) throw error;
    const hint = "The solver says solver_mode: GPU; --engine native runs it on the CPU.";
    throw new EngineError(`${error.message} ${hint}`, { cause: error });
  }
}
