import type { CommandModule } from "yargs";
import { imageSizes } from "../../io/convert/image-sizes.ts";
import { writeFileAtomically } from "../../io/files/atomic-file.ts";
import { rootAndList } from "../record-set.ts";
import { Console } from "../session.ts";

interface SizeFlags {
  readonly root: string;
  readonly list: string;
  readonly output: string;
  readonly name_id_file?: string;
}

/** `caffe get_image_size`: what DetectionOutput and DetectionEvaluate read as name_size_file. */
export const getImageSize: CommandModule<object, SizeFlags> = {
  command: "get_image_size <root> <list> <output>",
  describe: "write the sizes of a list's images, as SSD's get_image_size",
  builder: (yargs) =>
    rootAndList(yargs, "an image on each line; what stands behind it is not read")
      .positional("output", {
        type: "string",
        demandOption: true,
        describe: "file to write, `name height width` on each line",
      })
      .option("name_id_file", {
        type: "string",
        describe: "text file, `name number` on each line: numbers to write instead of names",
      })
      .example("caffe get_image_size VOCdevkit/ test.txt test_name_size.txt", "VOC") as never,
  handler: ({ root, list, output, name_id_file: nameIdFile }) => {
    const lines = [...imageSizes(root, list, nameIdFile)];
    writeFileAtomically(output, [new TextEncoder().encode(lines.join(""))]);
    new Console().log("info", "get_image_size", `Processed ${lines.length} files.`);
  },
};
