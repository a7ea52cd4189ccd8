import { join } from "node:path";
import { createAnnoset } from "../../io/convert/annoset.ts";
import type { LabelMapItem, NetParameter } from "../../io/proto/caffe.ts";
import { printPrototxt } from "../../io/text/prototxt.ts";
import type { BaseModel } from "../base-model.ts";
import { writePairLists } from "../pair-lists.ts";
import { writePartDatabases } from "../part-databases.ts";
import {
  draftRun,
  type WriteOptions,
  type WrittenRun,
  writeRunFiles,
  writeText,
} from "../run-draft.ts";
import type { RunFile } from "../run-file.ts";
import type { WriteHooks } from "../write-run.ts";
import { countAnchors, isYolo, withAnchors } from "../yolo-net.ts";
import { anchorsOf, boxesIn } from "./anchors.ts";
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
  const { names } = pictures;
  const draft = draftRun(options, { ...pictures, model, before, classes: [...names.values()] });
  const { size, plan, nets, at } = draft;
  writeText(join(place, LABEL_MAP), printPrototxt("LabelMap", { item: labelItems(names) }));
  const written = await writeDatabases(place, options, pictures, size, hooks);
  const trainVal = withAnnotatedData(nets.trainVal, {
    train: { source: at("train_lmdb"), batch: plan.batch },
    val: { source: at("val_lmdb"), batch: plan.valBatch },
    ...{ labelMap: at(LABEL_MAP), mirror: options.mirror },
  });
  const anchors = isYolo(trainVal)
    ? anchorsOf(boxesIn(join(place, "train_lmdb")), countAnchors(trainVal))
    : undefined;
  const anchored = (net: NetParameter): NetParameter =>
    anchors ? withAnchors(net, anchors, size) : net;
  return writeRunFiles(place, draft, {
    ...{ trainVal: anchored(trainVal), deploy: anchored(nets.deploy) },
    ...(anchors && {
      note: `# Its anchors (biases) are the middles of k-means of the training set's boxes: ${anchors.length} of them.\n`,
    }),
    solver: ['eval_type: "detection"', 'ap_version: "11point"', "show_per_class_result: true"],
    run: {
      ...{ labels: LABEL_MAP, image_dims: [size, size], mean_value: model.means },
      ...(model.scale !== undefined && { input_scale: model.scale }),
    },
    parts: written.parts,
    readme: detectorReadme({ ...draft, ...written, kind: pictures.kind }),
  });
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
