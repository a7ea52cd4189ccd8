import { join } from "node:path";
import { shellWord } from "../util/shell-word.ts";
import type { BaseModel } from "./base-model.ts";
import type { MadeNets } from "./made-nets.ts";
import type { Plan } from "./plan.ts";

/** A part of the pictures, as it lies in the folder. */
export interface WrittenPart {
  readonly name: "train" | "val" | "test";
  /** What its paths begin from. */
  readonly root: string;
  readonly count: number;
}

/** What the page of any run tells. */
export interface RunFacts {
  readonly folder: string;
  readonly model: BaseModel;
  readonly nets: MadeNets;
  readonly plan: Plan;
  readonly parts: readonly WrittenPart[];
  readonly classes: readonly string[];
  readonly size: number;
  readonly prefix: string;
  readonly weights: string | undefined;
  readonly damaged: readonly string[];
}

/** What a classifier's page tells. */
interface ReadmeFacts extends RunFacts {
  readonly stored: number;
  readonly encoding: string;
  /** Whether the mean is that of these pictures. */
  readonly hasMean: boolean;
}

/** The page of a run's folder: what lies there, the commands that it stands for, and what may be changed. */
export function readmeText(facts: ReadmeFacts): string {
  const { hasMean, folder, model, nets, parts, classes, size, stored, encoding } = facts;
  const at = (name: string): string => shellWord(join(folder, name));
  const [channels] = model.input;
  const databases = parts.map(
    ({ name, root }) =>
      `caffe convert_imageset ${channels === 1 ? "--gray " : ""}--encode_type=${encoding} --resize_height=${stored} --resize_width=${stored} ${shellWord(root || "/")} ${at(`${name}.txt`)} ${at(`${name}_lmdb`)}`,
  );
  const counts = parts.map(({ name, count }) => `${name} ${count}`).join(", ");
  const hasTest = parts.some(({ name }) => name === "test");
  return `# ${classes.length} classes of pictures, ${model.title}

Pictures: ${counts}. Classes: ${classes.join(", ")}.

${commandsText(facts, "classify", "explain")}
## What lies here, and how it came

| file | what |
| --- | --- |
| \`train.txt\`, \`val.txt\`${hasTest ? ", `test.txt`" : ""} | \`path label\` of each picture, in the order of the databases |
${parts.some(({ root }) => root.startsWith(join(folder, "/"))) ? "| `pictures` | the pictures of the database that this was made of |\n" : ""}| \`labels.txt\` | the classes, one a line; the first is label 0 |
| \`train_lmdb\`, \`val_lmdb\`${hasTest ? ", `test_lmdb`" : ""} | the pictures, ${stored}×${stored} pixels, as ${encoding} files |
${hasMean ? `| \`mean.binaryproto\` | their mean; \`mean_value\` in the nets is that of each channel |\n` : ""}| \`train_val.prototxt\`, \`deploy.prototxt\` | ${model.title} for ${classes.length} classes and ${size}×${size} pixels, for training and for use |
| \`solver.prototxt\` | how it is trained |
| \`run.json\` | what \`caffe classify\` and \`explain\` have to know beside the weights |

\`\`\`sh
${databases.join("\n")}
${hasMean ? `caffe compute_image_mean ${at("train_lmdb")} ${at("mean.binaryproto")}\n` : ""}${modelCommand(facts)}
\`\`\`

The last command makes the nets; here their data layers read the databases above. A database must be removed before a command
makes it again.
${changesText(facts)}
## What may be changed

- \`mirror\` in \`train_val.prototxt\` turns half of the pictures round, left to right. Take it away where left and right matter.
- \`crop_size\` cuts ${size}×${size} pixels: anywhere to train, from the middle to test.
- \`batch_size\`: where memory does not do. ${nets.normalized ? "BatchNorm wants eight or more." : ""}
- \`base_lr\`: a tenth where the loss explodes. \`max_iter\`: twice as many where accuracy still rises at the end.
`;
}

/** What to run: training, tests, a report, and the commands that use the trained net on pictures. */
export function commandsText(
  { folder, plan, parts, prefix }: RunFacts,
  ...uses: readonly string[]
): string {
  const at = (name: string): string => shellWord(join(folder, name));
  const trained = shellWord(`${prefix}_iter_${plan.iterations}.caffemodel`);
  const tested = `caffe test --model=${at("train_val.prototxt")} --weights=${trained}`;
  const hasTest = parts.some(({ name }) => name === "test");
  const commands = [
    `caffe train --solver=${at("solver.prototxt")}`,
    `${tested} --iterations=${plan.valIterations}`,
    ...(hasTest ? [`${tested} --stage=test --iterations=${plan.testIterations}`] : []),
    `caffe test ${shellWord(folder)} --report=${at("report")}`,
    ...uses.map((use) => `caffe ${use} ${trained} picture.jpg`),
  ];
  return `## What to run

Paths in these files begin where \`caffe new\` was run; run these there. \`--report\` makes a page, ${at("report/index.html")}.

\`\`\`sh
${commands.join("\n")}
\`\`\`
`;
}

/** The command that makes the run's nets. */
export function modelCommand(
  { folder, model, classes, size, weights }: RunFacts,
  ...flags: readonly string[]
): string {
  const from = weights === undefined ? [] : [`--from=${shellWord(weights)}`];
  const at = shellWord(join(folder, "model"));
  const all = [`--classes=${classes.length}`, `--size=${size}`, ...flags, ...from];
  return `caffe models get ${model.id} ${at} ${all.join(" ")}`;
}

/** What is not as in the model, and which pictures are missing. */
export function changesText({
  nets,
  weights,
  damaged,
  model,
}: Pick<RunFacts, "nets" | "weights" | "damaged" | "model">): string {
  const lines = [
    ...(weights === undefined
      ? [
          nets.normalized
            ? "Layers that learn have BatchNorm and Scale behind them, and msra fills them: so the net learns from nothing. Its statistics follow the last iterations (`moving_average_fraction`)."
            : "It learns from nothing.",
        ]
      : [
          `Training goes on from \`${weights}\`. These layers begin anew, under a new name, and learn ten times as fast: ${nets.anew.join(", ")}. Pictures are prepared as they were for these weights.`,
        ]),
    ...(damaged.length > 0
      ? [
          `${damaged.length} pictures could not be read and are left out:`,
          ...damaged.map((one) => `- ${one}`),
        ]
      : []),
  ];
  return `\nOtherwise the net is \`models/${model.id}\` of the package.\n\n${lines.join("\n\n")}\n`;
}
