import type { CommandModule } from "yargs";
import { loadImage } from "../../float-images/float-image.ts";
import { type Choice, readLabels, topChoices } from "../../inference/choice.ts";
import { Classifier, classScores } from "../../inference/classifier.ts";
import { csvField } from "../../util/csv.ts";
import { CaffeError } from "../../util/errors.ts";
import { fixedText } from "../../util/log.ts";
import { printable } from "../../util/printable.ts";
import { listOf, whole, withLists } from "../flags.ts";
import { picturesNamed } from "../picture-files.ts";
import {
  deployNet,
  type ImageFlags,
  numbersOf,
  preparationOf,
  withImageFlags,
} from "../preparation.ts";
import { withRunBeside } from "../run-beside.ts";
import { Console, enginesFor, withoutInfo } from "../session.ts";

interface ClassifyFlags extends ImageFlags {
  readonly images: readonly string[];
  readonly labels: string | undefined;
  readonly root: string | undefined;
  readonly top: number;
  readonly image_dims: string | undefined;
  readonly oversample: boolean;
  readonly json: boolean;
  readonly csv: boolean;
}

/** `caffe classify`: what images show. */
export const classify: CommandModule<object, ClassifyFlags> = {
  command: "classify <images..>",
  describe: "say what images show, best guesses first",
  builder: (yargs) =>
    withLists(withImageFlags(yargs), "images")
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
      .option(...whole("top", { default: 5, least: 1, describe: "guesses to print" }))
      .option("image_dims", {
        type: "string",
        describe: "height,width to resize to before cropping to the input; the input's by default",
      })
      .option("oversample", {
        type: "boolean",
        default: false,
        describe: "mean over ten crops instead of the centre alone",
      })
      .option("json", { type: "boolean", default: false, describe: "print JSON" })
      .option("csv", {
        type: "boolean",
        default: false,
        describe: "print a table: file, label, score, label_2, score_2, …",
      })
      .example(
        "caffe classify flowers/squeezenet_iter_300.caffemodel a.jpg photos/",
        "with what caffe new and caffe train made",
      )
      .example(
        "caffe classify cat.jpg --model=deploy.prototxt --weights=net.caffemodel --labels=synset_words.txt --mean=mean.binaryproto",
        "as Caffe's classification example",
      )
      .example(
        "caffe classify *.jpg --model=d.prototxt --weights=w.caffemodel --image_dims=256,256 --oversample --json",
        "many images, ten crops of each, for another program to read",
      ) as never,
  handler: run,
};

async function run(given: ClassifyFlags): Promise<void> {
  const { log } = new Console();
  const quiet = withoutInfo(log);
  const flags = withRun(given);
  if (flags.json && flags.csv) {
    throw new CaffeError("--json and --csv are both given. Expected one of them.");
  }
  const model = deployNet(flags, quiet);
  const labels = flags.labels === undefined ? [] : readLabels(flags.labels);
  const dims =
    flags.image_dims === undefined ? undefined : numbersOf("image_dims", flags.image_dims);
  if (dims && dims.length !== 2) {
    throw new CaffeError(`--image_dims is ${flags.image_dims}. Expected height,width.`);
  }
  const files = picturesNamed(flags.images, flags.root);
  using classifier = new Classifier(model, {
    ...preparationOf(flags, model),
    weights: listOf("weights", flags.weights),
    engines: await enginesFor(flags, quiet),
    log: quiet,
    ...(dims && { imageDims: dims as [number, number] }),
  });
  const isColor = classifier.transformer.channels === 3;
  const results: Classified[] = [];
  const count = classifier.net.blob(classifier.net.outputs[0] ?? "").count(1);
  if (flags.csv) process.stdout.write(headOf(Math.min(flags.top, count)));
  for (const file of files) {
    const image = await loadImage(file, isColor).catch((error: unknown) => {
      // One that cannot be read is no reason to say nothing of the others.
      if (!(error instanceof CaffeError) || files.length === 1) throw error;
      log("error", "classify", `${error.message} It is skipped.`);
    });
    if (image === undefined) continue;
    const scores = await classifier.predict([image], flags.oversample);
    const ofClasses = classScores(scores, classifier.net.outputs[0]);
    if (labels.length > 0 && labels.length !== scores.count(1)) {
      throw new CaffeError(
        `${flags.labels}: ${labels.length} labels for ${scores.count(1)} classes. Expected one for each.`,
      );
    }
    const result = { file, predictions: topChoices(ofClasses, labels, flags.top) };
    results.push(result);
    if (!flags.json) process.stdout.write(flags.csv ? rowOf(result) : textOf(result));
  }
  if (flags.json) process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`);
  if (results.length > 0) return;
  throw new CaffeError(`none of the ${files.length} images could be read.`);
}

/** What is said of an image. */
interface Classified {
  readonly file: string;
  readonly predictions: readonly Choice[];
}

/** The flags with what a run's folder says beside the weights; what is given itself counts more. */
function withRun(flags: ClassifyFlags): ClassifyFlags {
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

/** As Caffe's cpp_classification prints it. */
function textOf({ file, predictions }: Classified): string {
  return [
    `---------- Prediction for ${printable(file)} ----------`,
    ...predictions.map(({ score, label }) => `${fixedText(score, 4)} - "${printable(label)}"`),
    "",
  ].join("\n");
}

/** The names of a table's columns. */
function headOf(guesses: number): string {
  const names = Array.from({ length: guesses }, (_, i) =>
    i === 0 ? "label,score" : `label_${i + 1},score_${i + 1}`,
  );
  return `file,${names.join()}\n`;
}

function rowOf({ file, predictions }: Classified): string {
  const fields = predictions.flatMap(({ label, score }) => [
    csvField(label),
    String(Number(score.toPrecision(6))),
  ]);
  return `${[csvField(file), ...fields].join()}\n`;
}
