import { join } from "node:path";
import { createAnnoset } from "../../io/convert/annoset.ts";
import type { LabelMapItem } from "../../io/proto/caffe.ts";
import { compactNet } from "../../io/text/compact-prototxt.ts";
import { printPrototxt } from "../../io/text/prototxt.ts";
import type { BaseModel } from "../base-model.ts";
import { makeNets } from "../made-nets.ts";
import { writePairLists } from "../pair-lists.ts";
import { writePartDatabases } from "../part-databases.ts";
import { planOf } from "../plan.ts";
import { RUN_FILE, type RunFile, runFileText } from "../run-file.ts";
import { solverText } from "../solver-text.ts";
import { suffixOf, titleOf } from "../write-adapted.ts";
import {
  mostBatch,
  sizeOf,
  type WriteHooks,
  type WriteOptions,
  type WrittenRun,
  writeText,
} from "../write-run.ts";
import { withAnnotatedData } from "./annotated-layers.ts";
import { detectorReadme, type WrittenPictures } from "./detector-readme.ts";
import type { GatheredAnnotations } from "./gather-annotated.ts";

/** Pictures are kept larger than the net's input by this at most, so that regions of them are sharp. */
const ROOM = 2;
const LABEL_MAP = "labelmap.prototxt";

/** What a run is made from. */
interface DetectorSources {
  readonly model: BaseModel;
  /** What is said of the run that its weights are from. */
  readonly before: RunFile | undefined;
  readonly pictures: GatheredAnnotations;
}

/**
 * Writes the files of a detector's run.
 * @param place the folder to write them to
 * @throws FileError, FormatError, CaffeError where that fails
 */
export async function writeDetector(
  place: string,
  options: WriteOptions,
  { model, before, pictures }: DetectorSources,
  hooks: WriteHooks,
): Promise<WrittenRun> {
  const { folder, weights, seed } = options;
  const { sets, damaged, names } = pictures;
  const classes = [...names.values()];
  const size = sizeOf(options, model, before);
  const nets = makeNets(model, {
    ...{ classes: classes.length, size, suffix: suffixOf(folder) },
    ...(weights !== undefined && { weights }),
  });
  const counts = { train: sets.train.pictures.length, val: sets.val.pictures.length };
  const plan = planOf({
    ...{ task: model.task, ...counts, test: undefined, mostBatch: mostBatch(options.memory, nets) },
    ...{ fromWeights: weights !== undefined, normalized: nets.normalized },
    ...{ batch: options.batch, epochs: options.epochs },
  });
  writeText(join(place, LABEL_MAP), printPrototxt("LabelMap", { item: labelItems(names) }));
  const written = await writeDatabases(place, options, pictures, size, hooks);
  const [at, prefix] = [(name: string): string => join(folder, name), join(folder, model.id)];
  const trainVal = withAnnotatedData(nets.trainVal, {
    train: { source: at("train_lmdb"), batch: plan.batch },
    val: { source: at("val_lmdb"), batch: plan.valBatch },
    ...{ labelMap: at(LABEL_MAP), mirror: options.mirror },
  });
  const title = titleOf(model, classes.length, size);
  const facts = { plan, prefix, weights, seed };
  const run: RunFile = {
    ...{ model: model.id, task: model.task, deploy: "deploy.prototxt", labels: LABEL_MAP, size },
    ...{ image_dims: [size, size], mean_value: model.means },
    ...(model.scale !== undefined && { input_scale: model.scale }),
  };
  const more = ['eval_type: "detection"', 'ap_version: "11point"', "show_per_class_result: true"];
  const texts = {
    "train_val.prototxt": `${title}\n${compactNet(trainVal)}`,
    "deploy.prototxt": `${title}\n${compactNet(nets.deploy)}`,
    "solver.prototxt": solverText({ ...facts, ...counts, net: at("train_val.prototxt"), more }),
    [RUN_FILE]: runFileText(run),
    "README.md": detectorReadme({
      ...{ ...facts, folder, model, nets, classes, size, damaged, ...written },
      kind: pictures.kind,
    }),
  };
  for (const [name, text] of Object.entries(texts)) writeText(join(place, name), text);
  const { parts } = written;
  return { model, classes, parts, damaged, nets, plan, solver: at("solver.prototxt") };
}

/** Label 0 is the background; the others follow in order. */
function labelItems(names: ReadonlyMap<string, string>): LabelMapItem[] {
  const background = { name: "none_of_the_above", label: 0, display_name: "background" };
  const items = Array.from(names, ([name, display_name], i) => ({
    name,
    label: i + 1,
    display_name,
  }));
  return [background, ...items];
}

/** Writes each part's list, and the database that it becomes. */
async function writeDatabases(
  place: string,
  { images, seed, threads }: WriteOptions,
  { sets, files, kind }: GatheredAnnotations,
  size: number,
  hooks: WriteHooks,
): Promise<WrittenPictures> {
  const areJpegs = [sets.train, sets.val].every(({ pictures }) =>
    pictures.every(({ path }) => /\.jpe?g$/i.test(path)),
  );
  const [encoding, longest] = [areJpegs ? "jpg" : "png", ROOM * size];
  const parts = writePairLists(place, images, sets, files);
  await writePartDatabases(parts, images, hooks, ({ name, root }, tell) =>
    createAnnoset(
      {
        ...{ root, list: join(place, `${name}.txt`), database: join(place, `${name}_lmdb`) },
        ...{ backend: "lmdb", annoType: "detection", labelType: kind, checkLabel: true },
        ...{ labelMapFile: join(place, LABEL_MAP), checkSize: false, minDim: 0, maxDim: longest },
        ...{ gray: false, height: 0, width: 0, encoded: true, encodeType: encoding },
        ...{ shuffle: false, seed, resume: false, threads },
      },
      (severity, _where, message) => {
        if (severity === "warning") hooks.say("warning", message.replaceAll(`${place}/`, ""));
      },
      tell,
      hooks.signal,
    ),
  );
  return { parts, encoding, longest };
}
