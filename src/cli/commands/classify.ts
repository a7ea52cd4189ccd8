import type { CommandModule } from "yargs";
import { loadImage } from "../../float-images/float-image.ts";
import { type Choice, readLabels, topChoices } from "../../inference/choice.ts";
import { Classifier, classScores } from "../../inference/classifier.ts";
import { CaffeError } from "../../util/errors.ts";
import { fixedText } from "../../util/log.ts";
import { printable } from "../../util/printable.ts";
import { listOf, whole, withLists } from "../flags.ts";
import {
  deployNet,
  type ImageFlags,
  numbersOf,
  preparationOf,
  withImageFlags,
} from "../preparation.ts";
import { Console, enginesFor, withoutInfo } from "../session.ts";

interface ClassifyFlags extends ImageFlags {
  readonly images: readonly string[];
  readonly labels: string | undefined;
  readonly top: number;
  readonly image_dims: string | undefined;
  readonly oversample: boolean;
  readonly json: boolean;
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
        describe: "image files: JPEG, PNG, WebP, GIF, TIFF, BMP, PBM, PGM or PPM",
      })
      .option("labels", { type: "string", describe: "text file with one label a line" })
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

async function run(flags: ClassifyFlags): Promise<void> {
  const { log } = new Console();
  const quiet = withoutInfo(log);
  const model = deployNet(flags, quiet);
  const labels = flags.labels === undefined ? [] : readLabels(flags.labels);
  const dims =
    flags.image_dims === undefined ? undefined : numbersOf("image_dims", flags.image_dims);
  if (dims && dims.length !== 2) {
    throw new CaffeError(`--image_dims is ${flags.image_dims}. Expected height,width.`);
  }
  using classifier = new Classifier(model, {
    ...preparationOf(flags, model),
    weights: listOf("weights", flags.weights),
    engines: await enginesFor(flags, quiet),
    log: quiet,
    ...(dims && { imageDims: dims as [number, number] }),
  });
  const isColor = classifier.transformer.channels === 3;
  const results: { file: string; predictions: Choice[] }[] = [];
  for (const file of flags.images) {
    const scores = await classifier.predict([await loadImage(file, isColor)], flags.oversample);
    const ofClasses = classScores(scores, classifier.net.outputs[0]);
    if (labels.length > 0 && labels.length !== scores.count(1)) {
      throw new CaffeError(
        `${flags.labels}: ${labels.length} labels for ${scores.count(1)} classes. Expected one for each.`,
      );
    }
    const predictions = topChoices(ofClasses, labels, flags.top);
    if (flags.json) results.push({ file, predictions });
    else process.stdout.write(textOf(file, predictions));
  }
  if (flags.json) process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`);
}

/** As Caffe's cpp_classification prints it. */
function textOf(file: string, predictions: readonly Choice[]): string {
  return [
    `---------- Prediction for ${printable(file)} ----------`,
    ...predictions.map(({ score, label }) => `${fixedText(score, 4)} - "${printable(label)}"`),
    "",
  ].join("\n");
}
