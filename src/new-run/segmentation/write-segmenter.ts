import { join } from "node:path";
import { compactNet } from "../../io/text/compact-prototxt.ts";
import type { BaseModel } from "../base-model.ts";
import { makeNets } from "../made-nets.ts";
import { writePairLists } from "../pair-lists.ts";
import { planOf } from "../plan.ts";
import { RUN_FILE, type RunFile, runFileText } from "../run-file.ts";
import { solverText } from "../solver-text.ts";
import { suffixOf, titleOf } from "../write-adapted.ts";
import { mostBatch, sizeOf, type WriteOptions, type WrittenRun, writeText } from "../write-run.ts";
import type { GatheredMasks } from "./gather-masked.ts";
import { withMaskData } from "./mask-layers.ts";
import { segmenterReadme } from "./segmenter-readme.ts";

/** What a run is made from. */
interface SegmenterSources {
  readonly model: BaseModel;
  /** What is said of the run that its weights are from. */
  readonly before: RunFile | undefined;
  readonly pictures: GatheredMasks;
}

/**
 * Writes the files of a segmenter's run; its nets read pictures and label images where they lie.
 * @param place the folder to write them to
 * @throws FileError, FormatError, CaffeError where that fails
 */
export function writeSegmenter(
  place: string,
  options: WriteOptions,
  { model, before, pictures }: SegmenterSources,
): WrittenRun {
  const { folder, weights, seed, images } = options;
  const { sets, damaged, classes, masks } = pictures;
  const size = sizeOf(options, model, before);
  const width = before?.width ?? (weights === undefined ? model.smallWidth : 1);
  const nets = makeNets(model, {
    ...{ classes: classes.length, size, width, suffix: suffixOf(folder) },
    ...(weights !== undefined && { weights }),
  });
  const counts = { train: sets.train.pictures.length, val: sets.val.pictures.length };
  const plan = planOf({
    ...{ task: model.task, ...counts, test: undefined, mostBatch: mostBatch(options.memory, nets) },
    ...{ fromWeights: weights !== undefined, normalized: nets.normalized },
    ...{ batch: options.batch, epochs: options.epochs },
  });
  const parts = writePairLists(place, images, sets, masks);
  const [at, prefix] = [(name: string): string => join(folder, name), join(folder, model.id)];
  const trainVal = withMaskData(nets.trainVal, {
    train: { source: at("train.txt"), batch: plan.batch },
    val: { source: at("val.txt"), batch: plan.valBatch },
    ...{ root: parts[0]?.root ?? "", mirror: options.mirror },
  });
  const title = titleOf(model, classes.length, size);
  const facts = { plan, prefix, weights, seed };
  const run: RunFile = {
    ...{ model: model.id, task: model.task, deploy: "deploy.prototxt", labels: "labels.txt", size },
    ...{ width, image_dims: [size, size], mean_value: model.means },
  };
  const page = { ...facts, folder, model, nets, parts, classes, size, width, damaged };
  const texts = {
    "labels.txt": classes.map((name) => `${name}\n`).join(""),
    "train_val.prototxt": `${title}\n${compactNet(trainVal)}`,
    "deploy.prototxt": `${title}\n${compactNet(nets.deploy)}`,
    "solver.prototxt": solverText({ ...facts, ...counts, net: at("train_val.prototxt") }),
    [RUN_FILE]: runFileText(run),
    "README.md": segmenterReadme(page),
  };
  for (const [name, text] of Object.entries(texts)) writeText(join(place, name), text);
  return { model, classes, parts, damaged, nets, plan, solver: at("solver.prototxt") };
}
