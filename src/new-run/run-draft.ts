import { join } from "node:path";
import { writeFileAtomically } from "../io/files/atomic-file.ts";
import type { NetParameter } from "../io/proto/caffe.ts";
import { compactNet } from "../io/text/compact-prototxt.ts";
import type { BaseModel } from "./base-model.ts";
import { type MadeNets, makeNets } from "./made-nets.ts";
import type { PictureSet } from "./picture.ts";
import { type Plan, planOf } from "./plan.ts";
import type { RunFacts, WrittenPart } from "./readme-text.ts";
import { RUN_FILE, type RunFile, runFileText } from "./run-file.ts";
import { solverText } from "./solver-text.ts";
import { suffixOf, titleOf } from "./write-adapted.ts";
import { isYolo } from "./yolo-net.ts";

/** How a run is written. */
export interface WriteOptions {
  /** The folder that it will be in. */
  readonly folder: string;
  /** Where its pictures were found; see `findPictures`. */
  readonly images: string;
  readonly size?: number | undefined;
  readonly weights?: string | undefined;
  readonly batch?: number | undefined;
  readonly epochs?: number | undefined;
  readonly seed: number;
  readonly mirror: boolean;
  readonly threads: number;
  /** Bytes of memory that training may take. */
  readonly memory: number;
}

/** A run that was written. */
export interface WrittenRun {
  readonly model: BaseModel;
  readonly classes: readonly string[];
  readonly parts: readonly WrittenPart[];
  /** What is wrong with the pictures that are left out. */
  readonly damaged: readonly string[];
  readonly nets: MadeNets;
  readonly plan: Plan;
  /** The solver's file. */
  readonly solver: string;
}

/** What a run is made of. */
interface DraftSources {
  readonly model: BaseModel;
  /** What is said of the run that its weights are from. */
  readonly before: RunFile | undefined;
  readonly classes: readonly string[];
  readonly sets: {
    readonly train: PictureSet;
    readonly val: PictureSet;
    readonly test?: PictureSet | undefined;
  };
  /** What is wrong with the pictures that are left out. */
  readonly damaged: readonly string[];
  /** How much of their outputs layers have, of a segmenter. */
  readonly width?: number;
}

/** A run whose nets are made and whose training is planned, before its files are written. */
interface RunDraft extends Omit<RunFacts, "parts"> {
  /** Pictures of both parts. */
  readonly counts: { readonly train: number; readonly val: number };
  readonly seed: number;
  /** A file's path, as the run's files name it. */
  readonly at: (name: string) => string;
}

/**
 * Makes a run's nets, and plans its training.
 * @throws FileError, FormatError, CaffeError where its model or weights do not suit it
 */
export function draftRun(options: WriteOptions, sources: DraftSources): RunDraft {
  const { folder, weights, seed, batch, epochs } = options;
  const { model, before, classes, sets, damaged, width } = sources;
  const size = sizeOf(options, model, before);
  const nets = makeNets(model, {
    ...{ classes: classes.length, size, suffix: suffixOf(folder) },
    ...(width !== undefined && { width }),
    ...(weights !== undefined && { weights }),
  });
  const counts = { train: sets.train.pictures.length, val: sets.val.pictures.length };
  const plan: Plan = planOf({
    ...{ task: model.task, ...counts, test: sets.test?.pictures.length },
    ...{ mostBatch: mostBatch(options.memory, nets), fromWeights: weights !== undefined },
    // The layers that make boxes of YOLO's cells do not tell pictures of a batch apart.
    ...{ normalized: nets.normalized, testsSingly: isYolo(nets.trainVal), batch, epochs },
  });
  return {
    ...{ folder, model, nets, plan, classes, size, weights, damaged, counts, seed },
    prefix: join(folder, model.id),
    at: (name) => join(folder, name),
  };
}

/** What of a run's files is its own. */
interface RunTexts {
  readonly trainVal: NetParameter;
  readonly deploy: NetParameter;
  /** What stands above the nets besides their title, a `#` before each line. */
  readonly note?: string;
  /** Further settings of the solver. */
  readonly solver?: readonly string[];
  readonly run: Omit<RunFile, "model" | "task" | "deploy" | "size">;
  readonly readme: string;
  readonly parts: readonly WrittenPart[];
}

/**
 * Writes the files that every run has: nets, solver, run.json and the page.
 * @param place the folder to write them to
 * @throws FileError where that fails
 */
export function writeRunFiles(place: string, draft: RunDraft, texts: RunTexts): WrittenRun {
  const { model, classes, size, plan, prefix, weights, seed, counts, nets, damaged, at } = draft;
  const { trainVal, deploy, note = "", run, readme, parts } = texts;
  const title = `${titleOf(model, classes.length, size)}\n${note}`;
  const solver = "solver.prototxt";
  const facts = { plan, prefix, weights, seed, ...counts, net: at("train_val.prototxt") };
  const { task } = model;
  const files = {
    "train_val.prototxt": `${title}${compactNet(trainVal)}`,
    "deploy.prototxt": `${title}${compactNet(deploy)}`,
    [solver]: solverText({ ...facts, ...(texts.solver && { more: texts.solver }) }),
    [RUN_FILE]: runFileText({
      model: model.id,
      ...(task !== "classification" && { task }),
      ...{ deploy: "deploy.prototxt", size, ...run },
    }),
    "README.md": readme,
  };
  for (const [name, text] of Object.entries(files)) writeText(join(place, name), text);
  return { model, classes, parts, damaged, nets, plan, solver: at(solver) };
}

/** Writes a text file of a run. */
export function writeText(path: string, text: string): void {
  writeFileAtomically(path, [new TextEncoder().encode(text)]);
}

/** Writes the names of classes, one a line, and gives the file's name. */
export function writeLabels(place: string, classes: readonly string[]): string {
  const name = "labels.txt";
  writeText(join(place, name), classes.map((one) => `${one}\n`).join(""));
  return name;
}

/** Height and width of the images: as asked for, as they were for the weights, or as is usual. */
function sizeOf(
  { size, weights }: Pick<WriteOptions, "size" | "weights">,
  model: BaseModel,
  before: RunFile | undefined,
): number {
  return size ?? (weights === undefined ? model.smallSize : (before?.size ?? model.input[1]));
}

/** How many pictures training can take at once. */
function mostBatch(memory: number, { bytesOfWeights, bytesPerPicture }: MadeNets): number {
  return Math.max(1, Math.floor((memory - bytesOfWeights) / bytesPerPicture));
}
