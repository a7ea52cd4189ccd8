import { join } from "node:path";
import type { CommandModule } from "yargs";
import { explain, METHODS } from "../../explain/explain.ts";
import { loadImage, pngOf } from "../../float-images/float-image.ts";
import { writeFileAtomically } from "../../io/files/atomic-file.ts";
import { makeFolder } from "../../io/files/file-system.ts";
import { CaffeError } from "../../util/errors.ts";
import { fixedText } from "../../util/log.ts";
import { nearestText } from "../../util/nearest.ts";
import { printable } from "../../util/printable.ts";
import {
  type ClassifierFlags,
  openClassifier,
  withClassifierFlags,
  withRun,
} from "../classifier-flags.ts";
import { type ExplainedFile, explainPage } from "../explain-page.ts";
import { listOf } from "../flags.ts";
import { picturesNamed, resultPaths } from "../picture-files.ts";
import { Console, withoutInfo } from "../session.ts";

interface ExplainFlags extends ClassifierFlags {
  readonly out: string;
  readonly layer: string | undefined;
  readonly class: string | undefined;
  readonly method: string;
}

/** `caffe explain`: what in images speaks for a class. */
export const explainCommand: CommandModule<object, ExplainFlags> = {
  command: "explain <images..>",
  describe: "show what in images a classifier looks at: activations, gradient, Grad-CAM, occlusion",
  builder: (yargs) =>
    withClassifierFlags(yargs)
      .option("out", {
        type: "string",
        default: "explained",
        describe: "folder for the pictures, and index.html with all of them",
      })
      .option("method", {
        type: "string",
        default: METHODS.join(),
        describe: "which of them, separated by commas",
      })
      .option("layer", {
        type: "string",
        describe:
          "layers or blobs that activations and grad-cam show, separated by commas; the last map of features by default",
      })
      .option("class", {
        type: "string",
        describe:
          "the class, by its label or number, for which they speak; the best guess by default",
      })
      .example(
        "caffe explain flowers/squeezenet_iter_300.caffemodel a.jpg --out=why",
        "with what caffe new and caffe train made",
      )
      .example(
        "caffe explain deploy.prototxt net.caffemodel cat.jpg --class=281 --method=grad-cam --layer=conv5",
        "where conv5 speaks for class 281",
      ) as never,
  handler: run,
};

async function run(given: ExplainFlags): Promise<void> {
  const { log } = new Console();
  const flags = withRun(given);
  const methods = methodsOf(flags.method);
  const layers = listOf("layer", flags.layer);
  const files = picturesNamed(flags.images, flags.root);
  const { classifier: opened, labels } = await openClassifier(flags, withoutInfo(log), {
    forceBackward: true,
    fuse: false,
  });
  using classifier = opened;
  const index = flags.class === undefined ? undefined : classOf(flags.class, labels);
  const results = resultPaths(files, flags.out, "png");
  const explained: ExplainedFile[] = [];
  for (const file of files) {
    const image = await loadImage(file, classifier.transformer.channels === 3).catch(
      (error: unknown) => {
        if (!(error instanceof CaffeError) || files.length === 1) throw error;
        log("error", "explain", `${error.message} It is skipped.`);
      },
    );
    if (image === undefined) continue;
    const found = await explain(classifier, image, { methods, layers, index, labels });
    makeFolder(flags.out);
    const stem = (results.get(file) ?? "").replace(/\.png$/, "");
    const written = found.explanations.map(({ method, layer, picture }) => ({
      picture,
      title: layer === undefined ? method : `${method} of ${layer}`,
      name: layer === undefined ? method : `${method}.${layer.replace(/[^\w.-]+/g, "_")}`,
    }));
    const pictures = [{ title: "as the net sees it", png: await pngOf(found.seen) }];
    for (const { picture, title, name } of written) {
      const png = await pngOf(picture);
      writeFileAtomically(`${stem}.${name}.png`, [png]);
      pictures.push({ title, png });
    }
    const { label, score } = found;
    explained.push({ file, label, score, pictures });
    process.stdout.write(
      `${printable(file)}: ${fixedText(score, 4)} - "${printable(label)}"\n${written.map(({ name }) => `  ${printable(`${stem}.${name}.png`)}\n`).join("")}`,
    );
  }
  if (explained.length === 0) {
    throw new CaffeError(`none of the ${files.length} images could be read.`);
  }
  const page = join(flags.out, "index.html");
  writeFileAtomically(page, [new TextEncoder().encode(explainPage(explained))]);
  log("info", "explain", `All of it in ${page}`);
}

/** @throws CaffeError where one is none */
function methodsOf(text: string): (typeof METHODS)[number][] {
  return listOf("method", text).map((word) => {
    const method = METHODS.find((one) => one === word);
    if (method !== undefined) return method;
    throw new CaffeError(
      `--method has "${word}".${nearestText(word, METHODS)} Expected ${METHODS.join(", ")}, with commas between.`,
    );
  });
}

/** The number of a class that is named by its label or its number. */
function classOf(word: string, labels: readonly string[]): number {
  const named = labels.indexOf(word);
  if (named >= 0) return named;
  if (/^\d+$/.test(word)) return Number(word);
  throw new CaffeError(
    `--class is ${word}.${nearestText(word, labels)} Expected a class's number${labels.length > 0 ? ` or one of ${labels.join(", ")}` : ""}.`,
  );
}
