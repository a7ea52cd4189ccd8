import { join } from "node:path";
import { computeImageMean, encodeImageMean } from "../io/convert/image-mean.ts";
import { convertImageset } from "../io/convert/imageset.ts";
import { writeFileAtomically } from "../io/files/atomic-file.ts";
import { channelMeans } from "../io/images/mean-image.ts";
import { compactNet } from "../io/text/compact-prototxt.ts";
import { silent } from "../util/log.ts";
import type { BaseModel } from "./base-model.ts";
import { type Preparation, withData, withPreparation } from "./data-layers.ts";
import { type GatheredPictures, PARTS } from "./gather-pictures.ts";
import { type MadeNets, makeNets } from "./made-nets.ts";
import { type PartHooks, writePartDatabases } from "./part-databases.ts";
import { type Plan, planOf } from "./plan.ts";
import { readmeText, type WrittenPart } from "./readme-text.ts";
import { RUN_FILE, type RunFile, runFileText } from "./run-file.ts";
import { solverText } from "./solver-text.ts";
import { suffixOf, titleOf } from "./write-adapted.ts";

/** Pictures are kept larger than the net's input by this, so that there is something to cut from. */
const ROOM = 9 / 8;

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

/** How writing is told of, and stopped. */
export interface WriteHooks extends PartHooks {
  readonly say: (severity: "info" | "warning", message: string) => void;
  readonly signal: AbortSignal;
}

/** What a run is made from. */
interface RunSources {
  readonly model: BaseModel;
  /** What is said of the run that its weights are from. */
  readonly before: RunFile | undefined;
  readonly pictures: GatheredPictures;
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

/**
 * Writes the files of a run.
 * @param place the folder to write them to
 * @throws FileError, FormatError, CaffeError where that fails
 */
export async function writeRun(
  place: string,
  options: WriteOptions,
  sources: RunSources,
  hooks: WriteHooks,
): Promise<WrittenRun> {
  const { folder, weights, seed } = options;
  const { model, before, pictures } = sources;
  const { classes, sets, damaged } = pictures;
  const size = sizeOf(options, model, before);
  const nets = makeNets(model, {
    ...{ classes: classes.length, size, suffix: suffixOf(folder) },
    ...(weights !== undefined && { weights }),
  });
  const plan = planOf({
    task: model.task,
    ...{ train: sets.train.pictures.length, val: sets.val.pictures.length },
    ...{ test: sets.test?.pictures.length, mostBatch: mostBatch(options.memory, nets) },
    ...{ fromWeights: weights !== undefined, normalized: nets.normalized },
    ...{ batch: options.batch, epochs: options.epochs },
  });
  const stored = Math.round(size * ROOM);
  const encoding = pictures.areJpegs ? "jpg" : "png";
  const parts = await writeDatabases(place, options, sources, { stored, encoding }, hooks);
  const preparation = await prepare(place, options, model, before);
  const [at, prefix] = [(name: string): string => join(folder, name), join(folder, model.id)];
  const trainVal = withData(nets.trainVal, {
    train: { source: at("train_lmdb"), batch: plan.batch },
    val: { source: at("val_lmdb"), batch: plan.valBatch },
    ...(plan.testBatch && { test: { source: at("test_lmdb"), batch: plan.testBatch } }),
    ...{ size, mirror: options.mirror, means: preparation.means, scale: preparation.scale },
  });
  const title = titleOf(model, classes.length, size);
  const facts = { plan, prefix, weights, seed };
  const counts = { train: sets.train.pictures.length, val: sets.val.pictures.length };
  const run: RunFile = {
    ...{ model: model.id, deploy: "deploy.prototxt", labels: "labels.txt", size },
    ...{ image_dims: [stored, stored], mean_value: preparation.means },
    ...(preparation.scale !== undefined && { input_scale: preparation.scale }),
  };
  const page = { ...facts, folder, model, nets, parts, classes, size, stored, encoding, damaged };
  const texts = {
    "labels.txt": classes.map((name) => `${name}\n`).join(""),
    "train_val.prototxt": `${title}\n${compactNet(trainVal)}`,
    "deploy.prototxt": `${title}\n${compactNet(withPreparation(nets.deploy, preparation))}`,
    "solver.prototxt": solverText({ ...facts, ...counts, net: at("train_val.prototxt") }),
    [RUN_FILE]: runFileText(run),
    "README.md": readmeText({ ...page, hasMean: preparation.hasMean }),
  };
  for (const [name, text] of Object.entries(texts)) writeText(join(place, name), text);
  return { model, classes, parts, damaged, nets, plan, solver: at("solver.prototxt") };
}

/** Height and width of the images: as asked for, as they were for the weights, or as is usual. */
export function sizeOf(
  { size, weights }: Pick<WriteOptions, "size" | "weights">,
  model: BaseModel,
  before: RunFile | undefined,
): number {
  return size ?? (weights === undefined ? model.smallSize : (before?.size ?? model.input[1]));
}

/** How many pictures training can take at once. */
export function mostBatch(memory: number, { bytesOfWeights, bytesPerPicture }: MadeNets): number {
  return Math.max(1, Math.floor((memory - bytesOfWeights) / bytesPerPicture));
}

/** Writes a text file of a run. */
export function writeText(path: string, text: string): void {
  writeFileAtomically(path, [new TextEncoder().encode(text)]);
}

/** Writes each part's list, and the database that it becomes. */
async function writeDatabases(
  place: string,
  { folder, images, seed, threads }: WriteOptions,
  { model, pictures: { classes, sets } }: RunSources,
  { stored, encoding }: { readonly stored: number; readonly encoding: string },
  hooks: WriteHooks,
): Promise<WrittenPart[]> {
  const parts = PARTS.flatMap((name): WrittenPart[] => {
    const set = sets[name];
    return set ? [{ name, root: set.root, count: set.pictures.length }] : [];
  });
  const labels = new Map(classes.map((name, label) => [name, label]));
  await writePartDatabases(parts, images, hooks, ({ name, root }, tell) => {
    const list = join(place, `${name}.txt`);
    const of = sets[name]?.pictures ?? [];
    writeText(list, of.map((one) => `${one.path} ${labels.get(one.class)}\n`).join(""));
    return convertImageset(
      {
        ...{ root, list, database: join(place, `${name}_lmdb`), backend: "lmdb" },
        ...{ gray: model.input[0] === 1, height: stored, width: stored, checkSize: false },
        ...{ encoded: true, encodeType: encoding, shuffle: false, seed, resume: false },
        ...{ threads, lenient: false },
      },
      silent,
      tell,
      hooks.signal,
    );
  });
  // What was written to the run's folder lies elsewhere while it is made.
  const begin = `${place}/`;
  return parts.map((part) => ({
    ...part,
    root: part.root.startsWith(begin) ? join(folder, part.root.slice(begin.length)) : part.root,
  }));
}

/** How pictures are prepared: as the weights want them that training goes on from, or with the mean of these pictures. */
async function prepare(
  place: string,
  { weights, threads }: WriteOptions,
  model: BaseModel,
  before: RunFile | undefined,
): Promise<
  Preparation & {
    /** Whether these pictures' mean was computed. */
    readonly hasMean: boolean;
  }
> {
  if (before) return { means: before.mean_value, scale: before.input_scale, hasMean: false };
  const { means, scale } = model;
  if (weights !== undefined && means.length > 0) return { means, scale, hasMean: false };
  const mean = await computeImageMean(join(place, "train_lmdb"), threads);
  writeFileAtomically(join(place, "mean.binaryproto"), encodeImageMean(mean));
  const ofChannels = channelMeans(mean).map((value) => Number(value.toFixed(2)));
  return { means: ofChannels, scale, hasMean: true };
}
