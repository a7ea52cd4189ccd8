import type { CommandModule } from "yargs";
import { type AnnosetOptions, createAnnoset as create } from "../../io/convert/annoset.ts";
import { CaffeError } from "../../util/errors.ts";
import { withBackend } from "../backend.ts";
import { whole } from "../flags.ts";
import { type RecordFlags, recordFlags, rootAndList, runRecords } from "../record-set.ts";

interface AnnosetFlags extends RecordFlags {
  readonly anno_type: AnnosetOptions["annoType"];
  readonly label_type: AnnosetOptions["labelType"];
  readonly label_map_file?: string;
  readonly mask_folder?: string;
  readonly check_label: boolean;
  readonly min_dim: number;
  readonly max_dim: number;
}

/** `caffe create_annoset`: images with boxes to a database that AnnotatedData reads. */
export const createAnnoset: CommandModule<object, AnnosetFlags> = {
  command: "create_annoset <root> <list> <database>",
  describe: "write image files and their boxes to a database, as SSD's convert_annoset",
  builder: (yargs) =>
    recordFlags(
      rootAndList(
        withBackend(yargs),
        "`image annotation-file` on each line, `image annotation-file mask`, or `image label`",
      )
        .positional("database", { type: "string", demandOption: true, describe: "folder to make" })
        .option("anno_type", {
          choices: ["classification", "detection", "detection_with_segmentation"],
          default: "classification",
          describe:
            "whether the list has labels, annotation files, or masks of pixels behind these",
        })
        .option("mask_folder", {
          type: "string",
          describe:
            "folder of masks below the root, PNGs with the images' names: the list does not name them then",
        })
        .option("label_type", {
          choices: ["xml", "json", "txt"],
          default: "xml",
          describe: "VOC's files; COCO's, for one image or for all; `label xmin ymin xmax ymax`",
        })
        .option("label_map_file", {
          type: "string",
          describe: "prototxt of names and their labels",
        })
        .option("check_label", {
          type: "boolean",
          default: false,
          describe: "stop where the label map has a name twice",
        })
        .option(...whole("min_dim", { default: 0, describe: "least shorter side of an image" }))
        .option(...whole("max_dim", { default: 0, describe: "greatest longer side of an image" })),
    )
      .example(
        "caffe create_annoset --anno_type=detection --label_map_file=labelmap_voc.prototxt --encode_type=jpg --encoded VOCdevkit/ trainval.txt trainval_lmdb",
        "PASCAL VOC",
      )
      .example(
        "caffe create_annoset --anno_type=detection --label_type=json --label_map_file=labelmap_coco.prototxt --encoded coco/ train.txt train_lmdb",
        "COCO; each line `train2017/000000000009.jpg annotations/instances_train2017.json`",
      )
      .example(
        "caffe create_annoset --anno_type=detection_with_segmentation --mask_folder=SegmentationClass --label_map_file=labelmap_voc.prototxt --encoded VOCdevkit/VOC2012/ trainval.txt trainval_lmdb",
        "PASCAL VOC's boxes and masks",
      ) as never,
  handler: run,
};

/** `caffe convert_annoset`: the same under the name that SSD's scripts call it by. */
export const convertAnnoset: CommandModule<object, AnnosetFlags> = {
  ...createAnnoset,
  command: "convert_annoset <root> <list> <database>",
  describe: "create_annoset, by SSD's name",
};

async function run(flags: AnnosetFlags): Promise<void> {
  const { anno_type: annoType, label_type: labelType, label_map_file: labelMapFile } = flags;
  const { mask_folder: maskFolder } = flags;
  if (maskFolder !== undefined && annoType !== "detection_with_segmentation") {
    throw new CaffeError(
      `--mask_folder has no effect with --anno_type=${annoType}. Expected --anno_type=detection_with_segmentation.`,
    );
  }
  if (annoType !== "classification" && labelType !== "txt" && !labelMapFile) {
    throw new CaffeError(
      `--label_map_file is not given. Expected a label map: --label_type=${labelType} names objects.`,
    );
  }
  await runRecords("create_annoset", flags, (options, ...rest) =>
    create(
      {
        ...options,
        ...{ annoType, labelType, labelMapFile, maskFolder, checkLabel: flags.check_label },
        ...{ minDim: flags.min_dim, maxDim: flags.max_dim },
      },
      ...rest,
    ),
  );
}
