import { join } from "node:path";
import { computeImageMean, encodeImageMean } from "../io/convert/image-mean.ts";
import { convertImageset } from "../io/convert/imageset.ts";
import { writeFileAtomically } from "../io/files/atomic-file.ts";
import { channelMeans } from "../io/images/mean-image.ts";
import { silent } from "../util/log.ts";
import type { BaseModel } from "./base-model.ts";
import { type Preparation, withData, withPreparation } from "./data-layers.ts";
import { type GatheredPictures, PARTS } from "./gather-pictures.ts";
import { type PartHooks, writePartDatabases } from "./part-databases.ts";
import { readmeText, type WrittenPart } from "./readme-text.ts";
import {
  draftRun,
  type WriteOptions,
  type WrittenRun,
  writeLabels,
  writeRunFiles,
  writeText,
} from "./run-draft.ts";
import type { RunFile } from "./run-file.ts";

/** Pictures are kept larger than the net's input by this, so that there is something to cut from. */
const ROOM = 9 / 8;

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
  const { model, before, pictures } = sources;
  const draft = draftRun(options, { ...pictures, model, before });
  const { size, plan, nets, at } = draft;
  const stored = Math.round(size * ROOM);
  const encoding = pictures.areJpegs ? "jpg" : "png";
  const parts = await writeDatabases(place, options, sources, { stored, encoding }, hooks);
  const preparation = await prepare(place, options, model, before);
  const { means, scale, hasMean } = preparation;
  return writeRunFiles(place, draft, {
    trainVal: withData(nets.trainVal, {
      train: { source: at("train_lmdb"), batch: plan.batch },
      val: { source: at("val_lmdb"), batch: plan.valBatch },
      ...(plan.testBatch && { test: { source: at("test_lmdb"), batch: plan.testBatch } }),
      ...{ size, mirror: options.mirror, means, scale },
    }),
    deploy: withPreparation(nets.deploy, preparation),
    run: {
      ...{ labels: writeLabels(place, pictures.classes), image_dims: [stored, stored] },
      ...{ mean_value: means, ...(scale !== undefined && { input_scale: scale }) },
    },
    ...{ parts, readme: readmeText({ ...draft, parts, stored, encoding, hasMean }) },
  });
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
