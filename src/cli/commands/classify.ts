import type { CommandModule } from "yargs";
import { loadImage } from "../../float-images/float-image.ts";
import { type Choice, topChoices } from "../../inference/choice.ts";
import { classScores } from "../../inference/classifier.ts";
import { csvField } from "../../util/csv.ts";
import { CaffeError } from "../../util/errors.ts";
import { fixedText } from "../../util/log.ts";
import { printable } from "../../util/printable.ts";
import {
  type ClassifierFlags,
  openClassifier,
  withClassifierFlags,
  withRun,
} from "../classifier-flags.ts";
import { whole } from "../flags.ts";
import { picturesNamed } from "../picture-files.ts";
import { Console, withoutInfo } from "../session.ts";

interface ClassifyFlags extends ClassifierFlags {
  readonly top: number;
  readonly oversample: boolean;
  readonly json: boolean;
  readonly csv: boolean;
}

/** `caffe classify`: what images show. */
export const classify: CommandModule<object, ClassifyFlags> = {
  command: "classify <images..>",
  describe: "say what images show, best guesses first",
  builder: (yargs) =>
    withClassifierFlags(yargs)
      .option(...whole("top", { default: 5, least: 1, describe: "guesses to print" }))
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
  const flags = withRun(given);
  if (flags.json && flags.csv) {
    throw new CaffeError("--json and --csv are both given. Expected one of them.");
  }
  const files = picturesNamed(flags.images, flags.root);
  const { classifier: opened, labels } = await openClassifier(flags, withoutInfo(log));
  using classifier = opened;
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
