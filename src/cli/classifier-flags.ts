import type { Argv } from "yargs";
import { readLabels } from "../inference/choice.ts";
import { Classifier, type ClassifierOptions } from "../inference/classifier.ts";
import { CaffeError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { deployNet, preparationOf } from "./deploy-net.ts";
import { listOf, withLists } from "./flags.ts";
import { type ImageFlags, numbersOf, withImageFlags } from "./preparation.ts";
import { withRunBeside } from "./run-beside.ts";
import { enginesFor } from "./session.ts";

/** Flags of commands that look at images with a classifier. */
export interface ClassifierFlags extends ImageFlags {
  readonly images: readonly string[];
  readonly labels: string | undefined;
  readonly root: string | undefined;
  readonly image_dims: string | undefined;
}

/** Adds the flags that say which images are looked at, by which net, and how they are prepared. */
export function withClassifierFlags<T>(yargs: Argv<T>): Argv<T & ClassifierFlags> {
  return withLists(withImageFlags(yargs), "images")
    .positional("images", {
      type: "string",
      array: true,
      demandOption: true,
      describe:
        "images (JPEG, PNG, WebP, GIF, TIFF, BMP, PBM, PGM or PPM), folders of them, patterns, or lists (.txt, a path on each line); before them perhaps the weights that a run of caffe new left: net, labels and preparation are found beside these",
    })
    .option("labels", { type: "string", describe: "text file with one label a line" })
    .option("root", {
      type: "string",
      describe: "what paths in a list begin from; the list's folder by default",
    })
    .option("image_dims", {
      type: "string",
      describe: "height,width to resize to before cropping to the input; the input's by default",
    }) as unknown as Argv<T & ClassifierFlags>;
}

/** The flags with what a run's folder says beside the weights; what is given itself counts more. */
export function withRun<F extends ClassifierFlags>(flags: F): F {
  const { words, run, labels, ...found } = withRunBeside(
    { ...flags, words: flags.images },
    "classification",
  );
  const given = { ...flags, ...found, images: words, labels: flags.labels ?? labels };
  if (!run) return given;
  const ownMean = given.mean === undefined && given.mean_value === undefined;
  return {
    ...given,
    image_dims: given.image_dims ?? run.image_dims.join(),
    ...(ownMean && run.mean_value.length > 0 && { mean_value: run.mean_value.join() }),
    input_scale: given.input_scale ?? run.input_scale,
  };
}

/**
 * The classifier that the flags name, and the names of its classes, none where they are not known.
 * @param more options of its net
 * @throws CaffeError where flags are missing or contradict one another, or there are more labels or fewer than classes
 */
export async function openClassifier(
  flags: ClassifierFlags,
  log: Log,
  more: ClassifierOptions = {},
): Promise<{ readonly classifier: Classifier; readonly labels: readonly string[] }> {
  const model = deployNet(flags, log);
  const labels = flags.labels === undefined ? [] : readLabels(flags.labels);
  const dims =
    flags.image_dims === undefined ? undefined : numbersOf("image_dims", flags.image_dims);
  if (dims && dims.length !== 2) {
    throw new CaffeError(`--image_dims is ${flags.image_dims}. Expected height,width.`);
  }
  const classifier = new Classifier(model, {
    ...preparationOf(flags, model),
    weights: listOf("weights", flags.weights),
    engines: await enginesFor(flags, log),
    log,
    ...(dims && { imageDims: dims as [number, number] }),
    ...more,
  });
  const classes = classifier.net.blob(classifier.net.outputs[0] ?? "").count(1);
  if (labels.length === 0 || labels.length === classes) return { classifier, labels };
  classifier.close();
  throw new CaffeError(
    `${flags.labels}: ${labels.length} labels for ${classes} classes. Expected one for each.`,
  );
}
