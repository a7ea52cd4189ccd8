import { changesText, commandsText, modelCommand, type RunFacts } from "../readme-text.ts";

/** What a segmenter's page tells. */
interface SegmenterFacts extends RunFacts {
  readonly width: number;
}

/** The page of a segmenter's folder: what lies there, the commands that it stands for, and what may be changed. */
export function segmenterReadme(facts: SegmenterFacts): string {
  const { model, parts, classes, size, width } = facts;
  return `# ${classes.length} classes of pixels, ${model.title}

Pictures: ${parts.map(({ name, count }) => `${name} ${count}`).join(", ")}. Labels from 0 on: ${classes.join(", ")}.

${commandsText(facts, "segment")}
## What lies here, and how it came

| file | what |
| --- | --- |
| \`train.txt\`, \`val.txt\` | \`picture label-image\` on each line; the nets read both where they lie, and resize them |
| \`labels.txt\` | the names of the labels, one a line; the first is label 0. Pixels of 255 count for nothing |
| \`train_val.prototxt\`, \`deploy.prototxt\` | ${model.title} for these labels and ${size}×${size} pixels, for training and for use |
| \`solver.prototxt\` | how it is trained |
| \`run.json\` | what \`caffe segment\` has to know beside the weights |

\`\`\`sh
${modelCommand(facts, ...(width === 1 ? [] : [`--width=${width}`]))}
\`\`\`

This makes the nets; here their data layers read the lists above. Losses weigh all pixels alike.
${width === 1 ? "" : `\nLayers have ${width} of the outputs that the model has, so that two cores can train it.\n`}${changesText(facts)}
## What may be changed

- \`mirror\` in \`train_val.prototxt\` turns half of the pictures round, left to right. Take it away where left and right matter.
- \`new_height\` and \`new_width\`: what pictures are resized to; the input of \`deploy.prototxt\` is as large.
- \`batch_size\`: where memory does not do.
- \`base_lr\`: a tenth where the loss explodes. \`max_iter\`: twice as many where the mean intersection over union still rises at the end.
`;
}
