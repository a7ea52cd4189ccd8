import type { CommandModule } from "yargs";
import { readLabels } from "../../inference/choice.ts";
import { type Detection, Detector } from "../../inference/detector.ts";
import { readWindows, suppress } from "../../inference/windows.ts";
import { writeFileAtomically } from "../../io/files/atomic-file.ts";
import { writeHdf5 } from "../../io/hdf5/hdf5.ts";
import type { Hdf5Tree } from "../../io/hdf5/tree.ts";
import type { FloatArray } from "../../util/arrays.ts";
import { csvField, csvName } from "../../util/csv.ts";
import { fixedText, type Log } from "../../util/log.ts";
import type { NdArray } from "../../util/nd-array.ts";
import { printable } from "../../util/printable.ts";
import { listOf, real, whole } from "../flags.ts";
import { deployNet, type ImageFlags, preparationOf, withImageFlags } from "../preparation.ts";
import { Console, enginesFor } from "../session.ts";

interface DetectFlags extends ImageFlags {
  readonly windows: string;
  readonly output: string | undefined;
  readonly labels: string | undefined;
  readonly context_pad: number;
  readonly min_score: number;
  readonly overlap: number;
  readonly background: number | undefined;
  readonly json: boolean;
}

/** `caffe detect`: scores windows of images, and keeps the best of those that overlap. */
export const detect: CommandModule<object, DetectFlags> = {
  command: "detect <windows> [output]",
  describe: "find things in images by scoring proposed windows (R-CNN)",
  builder: (yargs) =>
    withImageFlags(yargs)
      .positional("windows", {
        type: "string",
        demandOption: true,
        describe:
          "CSV with columns filename,ymin,xmin,ymax,xmax, as selective search proposes them",
      })
      .positional("output", {
        type: "string",
        describe:
          "CSV, or HDF5 if it ends in .h5, to write with the scores of every window and class",
      })
      .option("labels", { type: "string", describe: "text file with one label a line" })
      .option(
        ...whole("context_pad", {
          default: 16,
          describe: "pixels of the input that show what is around a window",
        }),
      )
      .option(...real("min_score", { default: 0, describe: "print windows that score more" }))
      .option(
        ...real("overlap", {
          default: 0.3,
          least: 0,
          most: 1,
          describe: "drop windows that overlap a better one of the class by more than this share",
        }),
      )
      .option(...whole("background", { describe: "number of the class that is not printed" }))
      .option("json", { type: "boolean", default: false, describe: "print JSON" })
      .example(
        "caffe detect proposals.csv scores.csv --model=deploy.prototxt --weights=rcnn.caffemodel --mean=mean.npy",
        "all scores to a file, the best to the screen",
      ) as never,
  handler: run,
};

async function run(flags: DetectFlags): Promise<void> {
  const { log } = new Console();
  const quiet: Log = (severity, source, message) => {
    if (severity !== "info") log(severity, source, message);
  };
  const model = deployNet(flags, quiet);
  const labels = flags.labels === undefined ? [] : readLabels(flags.labels);
  const windows = readWindows(flags.windows);
  using detector = new Detector(model, {
    ...preparationOf(flags, model),
    weights: listOf("weights", flags.weights),
    contextPad: flags.context_pad,
    engines: await enginesFor(flags, quiet),
    log: quiet,
  });
  const detections = await detector.detectWindows(windows);
  if (flags.output !== undefined) {
    if (flags.output.toLowerCase().endsWith(".h5")) writeHdf5(flags.output, hdf5Of(detections));
    else writeFileAtomically(flags.output, [new TextEncoder().encode(csvOf(detections, labels))]);
    log("info", "detect", `Scores of ${detections.length} windows in ${flags.output}`);
  }
  const found = bestOf(detections, flags).map(({ file, window, label, score }) => ({
    file,
    ...window,
    label: labels[label] ?? String(label),
    score,
  }));
  if (flags.json) process.stdout.write(`${JSON.stringify(found, undefined, 2)}\n`);
  else {
    for (const { file, top, left, bottom, right, label, score } of found) {
      process.stdout.write(
        `${printable(file)}: ${fixedText(score, 4)} - "${printable(label)}" at rows ${top}-${bottom}, columns ${left}-${right}\n`,
      );
    }
  }
}

/** Windows of each image and class, without those that overlap better ones; best first. */
function bestOf(
  detections: readonly Detection[],
  { min_score, overlap, background }: DetectFlags,
): { file: string; window: Detection["window"]; label: number; score: number }[] {
  const groups = new Map<
    string,
    { file: string; window: Detection["window"]; label: number; score: number }[]
  >();
  for (const { file = "", window, scores } of detections) {
    scores.forEach((score, label) => {
      if (score <= min_score || label === background) return;
      const key = `${label} ${file}`;
      const group = groups.get(key) ?? [];
      group.push({ file, window, label, score });
      groups.set(key, group);
    });
  }
  return [...groups.values()]
    .flatMap((group) =>
      suppress(
        group,
        ({ score }) => score,
        ({ window }) => window,
        overlap,
      ),
    )
    .sort((a, b) => b.score - a.score);
}

/** A line for each window: its file, its edges, its score in every class. */
function csvOf(detections: readonly Detection[], labels: readonly string[]): string {
  const classes = detections[0]?.scores.length ?? 0;
  const names = Array.from({ length: classes }, (_, i) => csvName(labels[i] ?? `class${i}`));
  const lines = detections.map(({ file = "", window, scores }) =>
    [csvField(file), window.top, window.left, window.bottom, window.right, ...scores].join(","),
  );
  return [["filename", "ymin", "xmin", "ymax", "xmax", ...names].join(","), ...lines, ""].join(
    "\n",
  );
}

/**
 * `scores`, windows×classes; `windows`, windows×4: ymin, xmin, ymax, xmax; `images`, the number of each window's image
 * in the group `filenames`.
 */
function hdf5Of(detections: readonly Detection[]): Hdf5Tree {
  const files = [...new Set(detections.map(({ file = "" }) => file))];
  const rows = (
    width: number,
    row: (one: Detection) => readonly number[],
  ): NdArray<FloatArray> => ({
    shape: [detections.length, width],
    data: Float32Array.from(detections.flatMap((one) => [...row(one)])),
  });
  return {
    scores: rows(detections[0]?.scores.length ?? 0, ({ scores }) => [...scores]),
    windows: rows(4, ({ window: { top, left, bottom, right } }) => [top, left, bottom, right]),
    images: rows(1, ({ file = "" }) => [files.indexOf(file)]),
    filenames: Object.fromEntries(files.map((file, i) => [String(i), file])),
  };
}
