import type { CommandModule } from "yargs";
import { drawSegmentation, labelColours } from "../../draw/in-pictures.ts";
import { type FloatImage, loadImage, saveImage } from "../../float-images/float-image.ts";
import { labelMapOf, readClassNames } from "../../inference/class-names.ts";
import { type Segmentation, type SegmentedClass, Segmenter } from "../../inference/segmenter.ts";
import { writeFileAtomically } from "../../io/files/atomic-file.ts";
import { makeFolder } from "../../io/files/file-system.ts";
import { CaffeError } from "../../util/errors.ts";
import { fixedText } from "../../util/log.ts";
import { printable } from "../../util/printable.ts";
import { deployNet } from "../deploy-net.ts";
import { formatsOf, listOf } from "../flags.ts";
import { readPalette } from "../palette.ts";
import { pictureFiles, resultPaths } from "../picture-files.ts";
import {
  type PictureFlags,
  pictureOptionsOf,
  preparationText,
  withPictureFlags,
} from "../preparation.ts";
import { withRunBeside } from "../run-beside.ts";
import { Console, enginesFor, withoutInfo } from "../session.ts";

interface SegmentFlags extends PictureFlags {
  readonly palette: string;
  readonly net_output: string | undefined;
}

/** What is in a picture. */
interface PictureResult {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly classes: readonly SegmentedClass[];
}

const FORMATS = ["png", "colours", "labels", "json"];

/** `caffe segment`: says of every pixel of pictures which class it belongs to. */
export const segment: CommandModule<object, SegmentFlags> = {
  command: "segment <pictures..>",
  describe: "colour pictures by what their pixels show (FCN, SegNet, PSPNet)",
  builder: (yargs) =>
    withPictureFlags(yargs, {
      formats:
        "png (NAME.segmented.png, the picture in the classes' colours), colours (NAME.colours.png, these alone), labels (NAME.labels.png, grey, each pixel its class's number), json (segments.json)",
    })
      .option("palette", {
        type: "string",
        default: "voc",
        describe:
          "colours of classes: voc, cityscapes, or a text file with a line RED GREEN BLUE each",
      })
      .option("net_output", {
        type: "string",
        describe: "the net's output with the scores of pixels, where it has several",
      })
      .example(
        "caffe segment roads/segnet_iter_500.caffemodel photos/",
        "with what caffe new and caffe train made",
      )
      .example(
        "caffe segment --model deploy.prototxt --weights fcn.caffemodel street.jpg",
        "print what is in street.jpg, draw it into street.segmented.png",
      )
      .example(
        "caffe segment val/ --model=d.prototxt --weights=w.caffemodel --labels=voc --mean_value=104,117,123 --resize=none --format=labels --output=maps",
        "maps of labels of all pictures of a folder, each at its own size, as FCN's nets take them",
      )
      .epilogue(
        "The net is a deploy file that ends in scores of pixels, N×C×H×W, or in their ArgMax. Its own transform_param counts where no flag says otherwise; how pictures are prepared is the first line on standard error.",
      ) as never,
  handler: run,
};

/** The flags with what a run's folder says beside the weights. */
function withRun(given: SegmentFlags): SegmentFlags {
  const { words, model, weights, labels } = withRunBeside(
    { ...given, words: given.pictures },
    "segmentation",
  );
  return { ...given, model, weights, pictures: words, labels: given.labels ?? labels };
}

async function run(given: SegmentFlags): Promise<void> {
  const flags = withRun(given);
  const { log } = new Console();
  const quiet = withoutInfo(log);
  const formats = formatsOf(flags.format, FORMATS);
  const palette = readPalette(flags.palette);
  const model = deployNet(flags, quiet);
  const files = pictureFiles(flags.pictures, /\.(segmented|colours|labels)\.png$/);
  const labels = flags.labels ?? labelMapOf(model.layer ?? []);
  const names = labels === undefined ? undefined : readClassNames(labels);
  using segmenter = new Segmenter(model, {
    ...pictureOptionsOf(flags),
    weights: listOf("weights", flags.weights),
    engines: await enginesFor(flags, quiet),
    log: quiet,
    ...(names && { names }),
    ...(flags.net_output !== undefined && { output: flags.net_output }),
  });
  if (flags.output !== undefined) makeFolder(flags.output);
  const pathsOf = (ending: string): ReadonlyMap<string, string> =>
    formats.has(ending === "segmented" ? "png" : ending)
      ? resultPaths(files, flags.output, `${ending}.png`)
      : new Map();
  const pictures = {
    segmented: pathsOf("segmented"),
    colours: pathsOf("colours"),
    labels: pathsOf("labels"),
  };
  log("info", "segment", preparationText(segmenter));
  const results: PictureResult[] = [];
  for (const file of files) {
    const found = await segmenter.segment(file);
    const drawings: readonly (readonly [
      string | undefined,
      () => FloatImage | Promise<FloatImage>,
    ])[] = [
      [
        pictures.segmented.get(file),
        async () => drawSegmentation(await loadImage(file), found, { palette }),
      ],
      [pictures.colours.get(file), () => labelColours(found, palette)],
      [pictures.labels.get(file), () => labelsAsGrey(found)],
    ];
    for (const [path, draw] of drawings)
      if (path !== undefined) await saveImage(path, await draw());
    const { width, height, classes } = found;
    const result = { file, width, height, classes };
    results.push(result);
    const [written] = drawings.flatMap(([path]) => path ?? []);
    if (!flags.json) process.stdout.write(tableOf(result, written));
  }
  const text = `${JSON.stringify(results, undefined, 2)}\n`;
  if (flags.json) process.stdout.write(text);
  if (formats.has("json")) {
    const path = `${flags.output ?? "."}/segments.json`;
    writeFileAtomically(path, [new TextEncoder().encode(text)]);
    log("info", "segment", `Classes in ${path}`);
  }
}

/** The numbers of classes as grey values. */
function labelsAsGrey({ height, width, labels }: Segmentation): FloatImage {
  const most = labels.reduce((max, label) => Math.max(max, label), 0);
  if (most > 255) {
    throw new CaffeError(`label ${most} is no grey value. Expected 0 to 255, or another --format.`);
  }
  return { shape: [height, width, 1], data: Float32Array.from(labels, (label) => label / 255) };
}

function tableOf(
  { file, width, height, classes }: PictureResult,
  drawn: string | undefined,
): string {
  const title = `${printable(file)} (${width}×${height})${drawn === undefined ? "" : `, drawn in ${printable(drawn)}`}`;
  const lines = classes.map(
    ({ name, share }) => `  ${`${fixedText(100 * share, 1)} %`.padStart(7)}  ${printable(name)}`,
  );
  return `${[title, ...lines].join("\n")}\n`;
}
