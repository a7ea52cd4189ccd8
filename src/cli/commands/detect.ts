import type { CommandModule } from "yargs";
import { drawDetections } from "../../draw/in-pictures.ts";
import { loadImage, saveImage } from "../../float-images/float-image.ts";
import { labelMapOf, readClassNames } from "../../inference/class-names.ts";
import { ObjectDetector, type PictureWithRegions } from "../../inference/object-detector.ts";
import { readWindows } from "../../inference/windows.ts";
import { makeFolder } from "../../io/files/file-system.ts";
import type { NetParameter } from "../../io/proto/caffe.ts";
import { CaffeError } from "../../util/errors.ts";
import { fixedText } from "../../util/log.ts";
import { printable } from "../../util/printable.ts";
import { deployNet } from "../deploy-net.ts";
import { scoreWindows, type WindowFlags } from "../detect-windows.ts";
import { type PictureResult, writeDetections } from "../detection-files.ts";
import { formatsOf, listOf, real, whole } from "../flags.ts";
import { pictureFiles, resultPaths } from "../picture-files.ts";
import {
  numbersOf,
  type PictureFlags,
  pictureOptionsOf,
  preparationText,
  withPictureFlags,
} from "../preparation.ts";
import { withRunBeside } from "../run-beside.ts";
import { Console, enginesFor, withoutInfo } from "../session.ts";

interface DetectFlags extends PictureFlags, WindowFlags {
  readonly threshold: number;
  readonly most: number;
  readonly batch: number | undefined;
  readonly box_stds: string | undefined;
}

const FORMATS = ["png", "json", "coco", "voc"];

/** `caffe detect`: finds things in pictures, and draws boxes around them. */
export const detect: CommandModule<object, DetectFlags> = {
  command: "detect <pictures..>",
  describe: "find things in pictures and draw boxes around them (SSD, YOLO, R-CNN)",
  builder: (yargs) =>
    withPictureFlags(yargs, {
      more: "; or a CSV with columns filename,ymin,xmin,ymax,xmax: regions for a net that proposes none, and behind it a file for all scores",
      formats:
        "png (NAME.detected.png, with boxes), json (detections.json), coco (detections.coco.json), voc (comp4_det_test_CLASS.txt)",
    })
      .option(
        ...real("threshold", { default: 0.5, describe: "leave out what scores less than this" }),
      )
      .option(...whole("most", { default: 100, describe: "the most things of a picture" }))
      .option(
        ...whole("batch", {
          least: 1,
          describe: "pictures that run at a time (SSD); the net's batch by default",
        }),
      )
      .option(
        ...real("overlap", {
          default: 0.3,
          least: 0,
          most: 1,
          describe: "R-CNN: drop boxes that overlap a better one of the class by more than this",
        }),
      )
      .option("box_stds", {
        type: "string",
        describe:
          "R-CNN: multiply bbox_pred by these, where weights do not hold it: 0.1,0.1,0.2,0.2",
      })
      .option(
        ...whole("context_pad", {
          default: 16,
          describe: "pixels of the input that show what is around a window",
        }),
      )
      .option(...real("min_score", { default: 0, describe: "print windows that score more" }))
      .option(...whole("background", { describe: "number of the class that is not printed" }))
      .group(["context_pad", "min_score", "background"], "Nets that score windows of a CSV:")
      .example(
        "caffe detect birds/mobilenet_ssd_iter_500.caffemodel photos/",
        "with what caffe new and caffe train made",
      )
      .example(
        "caffe detect --model deploy.prototxt --weights ssd.caffemodel street.jpg",
        "print what street.jpg shows, draw it into street.detected.png",
      )
      .example(
        "caffe detect photos/ --model=d.prototxt --weights=w.caffemodel --labels=labelmap_voc.prototxt --mean_value=104,117,123 --output=found",
        "all pictures of a folder, with names, prepared as SSD's VGG nets want it",
      )
      .example(
        "caffe detect val/ --model=d.prototxt --weights=w.caffemodel --labels=voc --threshold=0.01 --format=voc --output=results",
        "result files for PASCAL VOC's evaluation",
      )
      .example(
        "caffe detect proposals.csv scores.csv --model=deploy.prototxt --weights=rcnn.caffemodel --mean=mean.npy",
        "score proposed windows with a net that classifies (R-CNN)",
      )
      .epilogue(
        "The net is a deploy file that ends in DetectionOutput, YoloDetectionOutput or Yolov3DetectionOutput, or in the heads of R-CNN, R-FCN, MS-CNN or Cascade R-CNN; or the file that tests it (of YOLO also one that ends in EvalDetection, RegionLoss or Yolov3). Its own transform_param (mean_value, scale, resize_param) counts where no flag says otherwise; how pictures are prepared is the first line on standard error. Wrong or missing boxes mostly mean another mean, scale or order of channels than in training.",
      ) as never,
  handler: run,
};

/** The flags with what a run's folder says beside the weights. */
function withRun(given: DetectFlags): DetectFlags {
  const { words, model, weights, labels } = withRunBeside(
    { ...given, words: given.pictures },
    "detection",
  );
  return { ...given, model, weights, pictures: words, labels: given.labels ?? labels };
}

async function run(given: DetectFlags): Promise<void> {
  const flags = withRun(given);
  const { log } = new Console();
  const quiet = withoutInfo(log);
  const formats = formatsOf(flags.format, FORMATS);
  const model = deployNet(flags, quiet);
  const [first = "", second, ...others] = flags.pictures;
  const isList = first.toLowerCase().endsWith(".csv");
  if (isList && (others.length > 0 || (second !== undefined && wantsRegions(model)))) {
    throw new CaffeError(
      `${first} names its images itself, and ${second} is behind it. Expected one list, and for a net that scores windows a file for the scores.`,
    );
  }
  if (isList && !wantsRegions(model)) return scoreWindows(model, first, second, flags, log);
  const pictures: readonly PictureWithRegions[] = isList
    ? readWindows(first).map(({ image, windows }) => ({
        image,
        regions: windows.map(({ left, top, right, bottom }) => {
          return { xmin: left, ymin: top, xmax: right, ymax: bottom };
        }),
      }))
    : pictureFiles(flags.pictures, /\.detected\.png$/).map((image) => ({ image }));
  const files = pictures.map(({ image }) => image as string);
  const labels = flags.labels ?? labelMapOf(model.layer ?? []);
  const names = labels === undefined ? undefined : readClassNames(labels);
  using detector = new ObjectDetector(model, {
    ...pictureOptionsOf(flags),
    weights: listOf("weights", flags.weights),
    threshold: flags.threshold,
    most: flags.most,
    overlap: flags.overlap,
    engines: await enginesFor(flags, quiet),
    log: quiet,
    ...(names && { names }),
    ...(flags.batch !== undefined && { batch: flags.batch }),
    ...(flags.box_stds !== undefined && { boxStds: numbersOf("box_stds", flags.box_stds) }),
  });
  if (flags.output !== undefined) makeFolder(flags.output);
  const paths = resultPaths(files, flags.output, "detected.png");
  log("info", "detect", preparationText(detector));
  const results: PictureResult[] = [];
  for (let at = 0; at < pictures.length; at += detector.batch) {
    const batch = pictures.slice(at, at + detector.batch);
    const found = await detector.detectAll(batch);
    for (const [i, objects] of found.entries()) {
      const file = files[at + i] ?? "";
      const image = await loadImage(file);
      const [height, width] = image.shape;
      const result = { file, width, height, objects };
      const drawn = formats.has("png") ? paths.get(file) : undefined;
      if (drawn !== undefined) await saveImage(drawn, await drawDetections(image, objects));
      results.push(result);
      if (!flags.json) process.stdout.write(tableOf(result, drawn));
    }
  }
  if (flags.json) process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`);
  const { names: known } = detector;
  const written = writeDetections(formats, flags.output ?? ".", results, known, labels);
  for (const file of written) log("info", "detect", `Detections in ${file}`);
}

/** Whether a net has an input of regions. */
function wantsRegions({ layer = [] }: NetParameter): boolean {
  return layer.some(({ type, top = [] }) => type === "Input" && top.includes("rois"));
}

function tableOf(
  { file, width, height, objects }: PictureResult,
  drawn: string | undefined,
): string {
  const title = `${printable(file)} (${width}×${height}): ${objects.length} found${drawn === undefined ? "" : `, drawn in ${printable(drawn)}`}`;
  if (objects.length === 0) return `${title}\n`;
  const rows = objects.map(({ name, score, box }) => [
    fixedText(score, 3),
    printable(name),
    ...[box.xmin, box.ymin, box.xmax, box.ymax].map((edge) => String(Math.round(edge))),
  ]);
  const table = [["score", "class", "xmin", "ymin", "xmax", "ymax"], ...rows];
  const widths = table[0]?.map((_, c) => Math.max(...table.map((row) => row[c]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, c) => (c === 1 ? cell.padEnd(widths?.[c] ?? 0) : cell.padStart(widths?.[c] ?? 0)))
      .join("  "),
  );
  return `${[title, ...lines.map((line) => `  ${line}`)].join("\n")}\n`;
}
