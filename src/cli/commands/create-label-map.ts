import type { CommandModule } from "yargs";
import { makeLabelMap } from "../../io/convert/label-map.ts";
import { writeFileAtomically } from "../../io/files/atomic-file.ts";
import { printPrototxt } from "../../io/text/prototxt.ts";
import { Console } from "../session.ts";

interface LabelMapFlags {
  readonly source: string;
  readonly output: string;
  readonly include_background: boolean;
  readonly delimiter: string;
}

/** `caffe create_label_map`: which label each name has. */
export const createLabelMap: CommandModule<object, LabelMapFlags> = {
  command: "create_label_map <source> <output>",
  describe: "write a label map, as create_annoset and SSD's layers read it",
  builder: (yargs) =>
    yargs
      .positional("source", {
        type: "string",
        demandOption: true,
        describe: "list of `name [label] [display-name]`; COCO's .json; folder of VOC's .xml",
      })
      .positional("output", { type: "string", demandOption: true, describe: "prototxt to write" })
      .option("include_background", {
        type: "boolean",
        default: false,
        describe: "begin a list with none_of_the_above, label 0",
      })
      .option("delimiter", {
        type: "string",
        default: " ",
        describe: "the characters that stand between the words of a list",
      })
      .example("caffe create_label_map --include_background names.txt labelmap.prototxt", "names")
      .example(
        "caffe create_label_map annotations/instances_val2017.json labelmap_coco.prototxt",
        "COCO's categories, by their ids",
      )
      .example(
        "caffe create_label_map VOC2007/Annotations labelmap_voc.prototxt",
        "names of VOC's objects, by the alphabet",
      ) as never,
  handler: ({ source, output, include_background: includeBackground, delimiter }) => {
    const item = makeLabelMap({ source, includeBackground, delimiter });
    writeFileAtomically(output, [new TextEncoder().encode(printPrototxt("LabelMap", { item }))]);
    new Console().log("info", "create_label_map", `Wrote ${item.length} labels to ${output}`);
  },
};
