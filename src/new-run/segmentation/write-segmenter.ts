import type { BaseModel } from "../base-model.ts";
import { writePairLists } from "../pair-lists.ts";
import {
  draftRun,
  type WriteOptions,
  type WrittenRun,
  writeLabels,
  writeRunFiles,
} from "../run-draft.ts";
import type { RunFile } from "../run-file.ts";
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
  const { classes, masks, sets } = pictures;
  const width = before?.width ?? (options.weights === undefined ? model.smallWidth : 1);
  const draft = draftRun(options, { ...pictures, model, before, width });
  const { size, plan, nets, at } = draft;
  const parts = writePairLists(place, options.images, sets, masks);
  return writeRunFiles(place, draft, {
    trainVal: withMaskData(nets.trainVal, {
      train: { source: at("train.txt"), batch: plan.batch },
      val: { source: at("val.txt"), batch: plan.valBatch },
      ...{ root: parts[0]?.root ?? "", mirror: options.mirror },
    }),
    deploy: nets.deploy,
    run: {
      ...{ labels: writeLabels(place, classes), width },
      ...{ image_dims: [size, size], mean_value: model.means },
    },
    ...{ parts, readme: segmenterReadme({ ...draft, parts, width }) },
  });
}
