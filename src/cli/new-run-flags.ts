import { totalmem } from "node:os";
import type { Argv } from "yargs";
import { modelsFor } from "../new-run/base-model.ts";
import { newRun, USUAL_MODELS } from "../new-run/new-run.ts";
import type { WrittenRun } from "../new-run/run-draft.ts";
import { CaffeError } from "../util/errors.ts";
import { printable } from "../util/printable.ts";
import { CountBar } from "./count-bar.ts";
import { whole } from "./flags.ts";
import type { Console } from "./session.ts";
import { onFirstOf } from "./signals.ts";

/** How much of the machine's memory training may take. */
const PART_OF_MEMORY = 0.4;

/** Flags of commands that make a run of pictures. */
export interface NewRunFlags {
  readonly images: string | undefined;
  readonly annotations: string | undefined;
  readonly masks: string | undefined;
  readonly labels: string | undefined;
  readonly root: string | undefined;
  readonly model: string | undefined;
  readonly size: number | undefined;
  readonly weights: string | undefined;
  readonly val: string | undefined;
  readonly batch: number | undefined;
  readonly epochs: number | undefined;
  readonly seed: number | undefined;
  readonly mirror: boolean | undefined;
  readonly force: boolean | undefined;
}

/** Flags that say how a run is made, beside what it is made of. */
export const newRunFlags = [
  "annotations",
  "masks",
  "labels",
  "model",
  "size",
  "val",
  "root",
  "batch",
  "epochs",
  "seed",
  "mirror",
  "force",
] as const;

/** Adds these flags, but for `weights`, which commands describe themselves. */
export function withNewRunFlags<T>(yargs: Argv<T>): Argv<T & NewRunFlags> {
  return yargs
    .option("images", {
      type: "string",
      describe:
        "the pictures: a folder with a folder for each class, or with such folders in train, val and test; or a list, `path label` or `path,label` on each line; or a database (LMDB, LevelDB) of images and labels",
    })
    .option("annotations", {
      type: "string",
      describe:
        "what is to be seen in the pictures of the folder, for a net that finds it: a folder of VOC's .xml files, or a .json file of COCO's form",
    })
    .option("masks", {
      type: "string",
      describe:
        "folder of label images of the pictures, for a net that tells what each pixel shows: PNG files of the pictures' names, in grey or with a palette, whose values are the classes' numbers; 255 counts for nothing",
    })
    .option("labels", {
      type: "string",
      describe:
        "text file with a name for each number of --masks, or for each label of a database, one a line from 0 on",
    })
    .option("model", {
      type: "string",
      describe: `which net: ${modelsFor("classification").join(", ")}, ${USUAL_MODELS.classification} by default; with --annotations ${modelsFor("detection").join(", ")}, with --masks ${modelsFor("segmentation").join(", ")}, the first by default`,
    })
    .option(
      ...whole("size", {
        least: 8,
        most: 4096,
        describe:
          "height and width of the net's input; by default 64, of a detector 192 (YOLO 160), of a segmenter 96 (PSPNet 137), or the model's own where that is smaller or there are --weights",
      }),
    )
    .option("val", {
      type: "string",
      describe:
        "how much of the pictures to test with, 0.2 by default; or a folder or list of its own, with --annotations or --masks a list that names some of the pictures",
    })
    .option("root", {
      type: "string",
      describe: "what paths in a list begin from; the list's folder by default",
    })
    .option(
      ...whole("batch", {
        least: 1,
        describe:
          "pictures at once; 32 by default, 16 with --annotations, 8 with --masks, fewer where memory is short",
      }),
    )
    .option(
      ...whole("epochs", {
        least: 1,
        describe:
          "how often all pictures are seen; 20 by default, 30 with --annotations, half of it with --weights, more of few pictures",
      }),
    )
    .option(
      ...whole("seed", {
        describe: "decides which pictures test, and the first weights; 1701 by default",
      }),
    )
    .option("mirror", {
      type: "boolean",
      describe:
        "turn half of the pictures round, left to right, as is done by default; --no-mirror where sides matter",
    })
    .option("force", {
      type: "boolean",
      describe: "replace what an earlier run made in the folder",
    }) as unknown as Argv<T & NewRunFlags>;
}

/**
 * Makes a run as the flags say, with a bar, and tells what came of it.
 * @throws CaffeError where --images is missing or --val no part, and what `newRun` throws
 */
export async function makeRun(
  folder: string,
  flags: NewRunFlags,
  threads: number,
  console: Console,
): Promise<WrittenRun> {
  const { images } = flags;
  if (!images) throw new CaffeError("Need pictures. Give --images=FOLDER.");
  checkTogether(flags);
  const say = (severity: "info" | "warning", message: string): void =>
    console.log(severity, "new", message);
  const bar = new CountBar(console, "images");
  const stop = new AbortController();
  const undo = onFirstOf(["SIGINT", "SIGTERM"], () => stop.abort());
  try {
    const run = await newRun(
      {
        ...flags,
        ...{ folder, images, threads, val: partOf(flags.val ?? "0.2") },
        ...{ seed: flags.seed ?? 1701, mirror: flags.mirror ?? true, force: flags.force ?? false },
        weights: flags.weights || undefined,
        memory: PART_OF_MEMORY * totalmem(),
      },
      { say, onProgress: bar.update, signal: stop.signal },
    );
    bar.end();
    const { model, classes, parts, plan, nets } = run;
    const counts = parts.map(({ name, count }) => `${name} ${count}`).join(", ");
    say(
      "info",
      `${classes.length} ${classes.length === 1 ? "class" : "classes"}: ${printable(classes.join(", "))}. Pictures: ${counts}.`,
    );
    if (run.damaged.length > 0)
      say("warning", `${run.damaged.length} damaged pictures are left out.`);
    if (nets.anew.length > 0) say("info", `These layers begin anew: ${nets.anew.join(", ")}.`);
    say("info", `${model.title}: ${plan.iterations} iterations of ${plan.batch} pictures.`);
    return run;
  } finally {
    bar.end();
    undo();
  }
}

/** @throws CaffeError where a flag has no effect with another */
function checkTogether({ annotations, masks, root, labels }: NewRunFlags): void {
  if (annotations !== undefined && masks !== undefined) {
    throw new CaffeError("--annotations and --masks are both given. Expected one of them.");
  }
  const other = annotations !== undefined ? "--annotations" : masks !== undefined && "--masks";
  if (other && root !== undefined) {
    throw new CaffeError(`--root is for lists, and ${other} for a folder. Expected one of them.`);
  }
  if (labels !== undefined && annotations !== undefined) {
    throw new CaffeError(
      "--labels is given, and annotations name objects themselves. Expected one of them.",
    );
  }
}

/** `--val` as a part, or as the name of a source. */
function partOf(text: string): number | string {
  const part = Number(text);
  if (text.trim() === "" || Number.isNaN(part)) {
    if (text.trim() !== "") return text;
  } else if (part > 0 && part < 1) return part;
  throw new CaffeError(
    `--val is ${text || "empty"}. Expected a part between 0 and 1, or a folder or list of pictures.`,
  );
}
