import { join } from "node:path";
import type { AnnotationKind } from "../../io/lists/annotation-file.ts";
import { shellWord } from "../../util/shell-word.ts";
import {
  changesText,
  commandsText,
  modelCommand,
  type RunFacts,
  type WrittenPart,
} from "../readme-text.ts";

import { isYolo } from "../yolo-net.ts";

/** What was written of the pictures. */
export interface WrittenPictures {
  readonly parts: readonly WrittenPart[];
  readonly encoding: string;
  /** The longer side of a picture is that long at most. */
  readonly longest: number;
}

/** What a detector's page tells. */
interface DetectorFacts extends RunFacts, WrittenPictures {
  readonly kind: AnnotationKind;
}

/** The page of a detector's folder: what lies there, the commands that it stands for, and what may be changed. */
export function detectorReadme(facts: DetectorFacts): string {
  const { folder, model, parts, classes, size, encoding, longest, kind } = facts;
  const at = (name: string): string => shellWord(join(folder, name));
  const databases = parts.map(
    ({ name, root }) =>
      `caffe create_annoset --anno_type=detection --label_type=${kind} --label_map_file=${at("labelmap.prototxt")} --encode_type=${encoding} --max_dim=${longest} ${root} ${at(`${name}.txt`)} ${at(`${name}_lmdb`)}`,
  );
  return `# ${classes.length} ${classes.length === 1 ? "kind" : "kinds"} of objects, ${model.title}

Pictures: ${parts.map(({ name, count }) => `${name} ${count}`).join(", ")}. Objects: ${classes.join(", ")}.

${commandsText(facts, "detect")}
## What lies here, and how it came

| file | what |
| --- | --- |
| \`train.txt\`, \`val.txt\` | \`picture annotation\` on each line, in the order of the databases |
| \`labelmap.prototxt\` | the kinds of objects; label 0 is the background |
| \`train_lmdb\`, \`val_lmdb\` | the pictures, ${longest} pixels long at most, as ${encoding} files, with their boxes |
| \`train_val.prototxt\`, \`deploy.prototxt\` | ${model.title} for these objects and ${size}×${size} pixels, for training and for use |
| \`solver.prototxt\` | how it is trained |
| \`run.json\` | what \`caffe detect\` has to know beside the weights |

\`\`\`sh
${databases.join("\n")}
${modelCommand(facts)}
\`\`\`

The last command makes the nets; here their data layers read the databases above. A database must be removed before a command
makes it again.
${changesText(facts)}
## What may be changed

- \`mirror\` in \`train_val.prototxt\` turns half of the pictures round, left to right. Take it away where left and right matter.
- \`batch_sampler\`, \`expand_param\` and \`distort_param\`: the regions, sizes and colours in which the net sees pictures in training.
${sizesText(facts)}
- \`batch_size\`: where memory does not do.${facts.nets.normalized ? " BatchNorm wants eight or more." : ""}
- \`base_lr\`: a tenth where the loss explodes. \`max_iter\`: twice as many where the mean average precision still rises at the end.
`;
}

/** What says how large objects are. */
function sizesText({ nets }: RunFacts): string {
  return isYolo(nets.trainVal)
    ? "- `biases`: widths and heights of the boxes that are begun with, the anchors, found among those of the training set. Change them in all layers of both nets that have them."
    : "- `min_size` and `max_size` of the PriorBox layers, in pixels of the net's input: the sizes of objects. Change them in both nets.";
}
