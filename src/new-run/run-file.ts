import { dirname, join } from "node:path";
import { fileExists } from "../io/files/file-system.ts";
import { readText } from "../io/files/read-file.ts";
import { FormatError } from "../util/errors.ts";
import type { RunTask } from "./base-model.ts";

/** The name of the file in a run's folder that says what the run is. */
export const RUN_FILE = "run.json";

const TASKS: readonly RunTask[] = ["classification", "detection", "segmentation"];

/** What is said of a run beside its snapshots; files are named from its folder. */
export interface RunFile {
  /** The model that its nets were made of. */
  readonly model: string;
  /** What its nets do; they classify pictures where nothing is said. */
  readonly task?: RunTask;
  /** The net for use. */
  readonly deploy: string;
  /** The names of the classes, one a line; of a detector its label map. */
  readonly labels: string;
  /** Height and width of the net's input. */
  readonly size: number;
  /** How much of the model's outputs its layers have, 1 where nothing is said. */
  readonly width?: number;
  /** Height and width that pictures are brought to before the net's input is cut from their middle. */
  readonly image_dims: readonly [number, number];
  /** The mean of each channel, blue first, which is subtracted. */
  readonly mean_value: readonly number[];
  /** What values are multiplied with then. */
  readonly input_scale?: number;
}

/**
 * What is said of the run whose folder a snapshot or another file lies in.
 * @returns undefined where it lies in none
 * @throws FormatError where it is damaged
 */
export function readRunFileBeside(file: string): RunFile | undefined {
  const path = join(dirname(file), RUN_FILE);
  if (!fileExists(path)) return undefined;
  let run: unknown;
  try {
    run = JSON.parse(readText(path, "run file"));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  if (isRunFile(run)) return run;
  throw new FormatError(
    `${path}: it is damaged. Expected model, deploy, labels, size, image_dims (height and width), mean_value, and perhaps input_scale, as caffe new writes them.`,
  );
}

function isRunFile(value: unknown): value is RunFile {
  if (typeof value !== "object" || value === null) return false;
  const run = value as Record<keyof RunFile, unknown>;
  const isNumbers = (list: unknown, length?: number): boolean =>
    Array.isArray(list) && list.every(Number.isFinite) && list.length === (length ?? list.length);
  return (
    [run.model, run.deploy, run.labels].every((text) => typeof text === "string") &&
    Number.isFinite(run.size) &&
    isNumbers(run.image_dims, 2) &&
    isNumbers(run.mean_value) &&
    (run.task === undefined || TASKS.includes(run.task as RunTask)) &&
    (run.width === undefined || Number.isFinite(run.width)) &&
    (run.input_scale === undefined || Number.isFinite(run.input_scale))
  );
}

/** The file's text. */
export function runFileText(run: RunFile): string {
  return `${JSON.stringify(run, undefined, 2)}\n`;
}
