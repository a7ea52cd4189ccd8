import type { CommandModule } from "yargs";
import { loadImage } from "../../float-images/float-image.ts";
import { topChoices } from "../../inference/choice.ts";
import { classScores } from "../../inference/classifier.ts";
import { thumbnailOfFile } from "../../report/collect/thumbnail.ts";
import { guessesReport, MOST_PICTURES } from "../../report/guessed-pictures.ts";
import { type Guesses, guessesHead, guessesRow } from "../../report/write/guesses-csv.ts";
import type { GuessedPicture } from "../../report/write/guesses-page.ts";
import { writeReport } from "../../report/write-report.ts";
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
  readonly report: string | undefined;
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
      .option("report", {
        type: "string",
        describe:
          "write into this folder a page of the pictures with their guesses (index.html), report.json and predictions.csv",
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
  const results: GuessedPicture[] = [];
  const skipped: { file: string; problem: string }[] = [];
  const count = classifier.net.blob(classifier.net.outputs[0] ?? "").count(1);
  if (flags.csv) process.stdout.write(guessesHead(Math.min(flags.top, count)));
  for (const file of files) {
    const image = await loadImage(file, isColor).catch((error: unknown) => {
      // One that cannot be read is no reason to say nothing of the others.
      if (!(error instanceof CaffeError) || files.length === 1) throw error;
      log("error", "classify", `${error.message} It is skipped.`);
      skipped.push({ file, problem: error.message });
    });
    if (image === undefined) continue;
    const scores = await classifier.predict([image], flags.oversample);
    const ofClasses = classScores(scores, classifier.net.outputs[0]);
    const isShown = flags.report !== undefined && results.length < MOST_PICTURES;
    const result = {
      file,
      predictions: topChoices(ofClasses, labels, flags.top),
      picture: isShown ? await thumbnailOfFile(file) : undefined,
    };
    results.push(result);
    if (!flags.json) process.stdout.write(flags.csv ? guessesRow(result) : textOf(result));
  }
  if (flags.json) {
    const said = results.map(({ file, predictions }) => ({ file, predictions }));
    process.stdout.write(`${JSON.stringify(said, undefined, 2)}\n`);
  }
  if (results.length === 0) {
    throw new CaffeError(`none of the ${files.length} images could be read.`);
  }
  if (flags.report === undefined) return;
  const { model = "", weights = "" } = flags;
  const report = guessesReport(results, { model, weights, skipped });
  log("info", "classify", `Report in ${writeReport(flags.report, report)}`);
}

/** As Caffe's cpp_classification prints it. */
function textOf({ file, predictions }: Guesses): string {
  return [
    `---------- Prediction for ${printable(file)} ----------`,
    ...predictions.map(({ score, label }) => `${fixedText(score, 4)} - "${printable(label)}"`),
    "",
  ].join("\n");
}
