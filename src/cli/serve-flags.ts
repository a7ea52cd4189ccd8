import type { Argv } from "yargs";
import { withLists } from "./flags.ts";
import { PREPARATION_HELP, RAW_SCALE } from "./preparation.ts";

/** What flags say of themselves that count for one model or for all. */
const HELP = {
  labels: "names of classes: a text file with one a line, a label map, or voc, coco or cityscapes",
  image_dims:
    "height,width that a classifier's pictures are resized to before they are cropped to its input",
  ...PREPARATION_HELP,
  raw_scale: `${PREPARATION_HELP.raw_scale}; ${RAW_SCALE} by default`,
  threshold: "what a detector leaves out: scores below; 0.5 by default",
  palette:
    "colours of a segmenter's masks: voc (the default), cityscapes, or a text file with a line RED GREEN BLUE each",
} as const;

/** A flag that counts for one model or for all. */
export type ModelFlag = keyof typeof HELP;

/**
 * Adds the flags that say which models are served, and how they look at pictures. Of the latter each may be given once, for all
 * models, or once for each, in their order, empty for none.
 */
export function withModelFlags<T>(yargs: Argv<T>): Argv<T> {
  const flags = Object.entries(HELP);
  const listed = withLists(
    yargs,
    ...["runs", "model", "weights", "name"],
    ...flags.map(([name]) => name),
  )
    .positional("runs", {
      type: "string",
      array: true,
      describe:
        "folders of runs of caffe new, whose newest snapshot is served, or weights in them; labels and preparation are found there",
    })
    .option("model", {
      type: "string",
      array: true,
      nargs: 1,
      describe: "a net's deploy prototxt; repeat it to serve several",
    })
    .option("weights", {
      type: "string",
      array: true,
      nargs: 1,
      describe: "its .caffemodel files, separated by commas; once for each model, in their order",
    })
    .option("name", {
      type: "string",
      array: true,
      nargs: 1,
      describe: "what clients call it; its net's name by default",
    });
  const all = flags.reduce<Argv<unknown>>((so, [name, describe]) => {
    const choices = name === "resize" ? { choices: ["warp", "fit", "short", "none", ""] } : {};
    return so.option(name, { type: "string", array: true, nargs: 1, describe, ...choices });
  }, listed);
  return all as Argv<T>;
}
