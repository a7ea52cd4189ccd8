import { readLabels } from "../inference/choice.ts";
import { type Detection, Detector } from "../inference/detector.ts";
import { readWindows, suppress } from "../inference/windows.ts";
import { writeFileAtomically } from "../io/files/atomic-file.ts";
import { writeHdf5 } from "../io/hdf5/hdf5.ts";
import type { Hdf5Tree } from "../io/hdf5/tree.ts";
import type { NetParameter } from "../io/proto/caffe.ts";
import type { FloatArray } from "../util/arrays.ts";
import { csvField, csvName } from "../util/csv.ts";
import { fixedText, type Log } from "../util/log.ts";
import type { NdArray } from "../util/nd-array.ts";
import { printable } from "../util/printable.ts";
import { preparationOf } from "./deploy-net.ts";
import { listOf } from "./flags.ts";
import type { ImageFlags } from "./preparation.ts";
import { enginesFor, withoutInfo } from "./session.ts";

/** What scoring windows is told besides how images are prepared. */
export interface WindowFlags extends ImageFlags {
  readonly labels: string | undefined;
  readonly context_pad: number;
  readonly min_score: number;
  readonly overlap: number;
  readonly background: number | undefined;
  readonly json: boolean;
}

/**
 * `caffe detect proposals.csv [scores]`: scores windows of images, and prints the best of those that overlap.
 * @param list the CSV of windows
 * @param output where the scores of every window and class go: CSV, or HDF5 if it ends in .h5
 */
export async function scoreWindows(
  model: NetParameter,
  list: string,
  output: string | undefined,
  flags: WindowFlags,
  log: Log,
): Promise<void> {
  const quiet = withoutInfo(log);
  const labels = flags.labels === undefined ? [] : readLabels(flags.labels);
  const windows = readWindows(list);
  using detector = new Detector(model, {
    ...preparationOf(flags, model),
    weights: listOf("weights", flags.weights),
    contextPad: flags.context_pad,
    engines: await enginesFor(flags, quiet),
    log: quiet,
  });
  const detections = await detector.detectWindows(windows);
  if (output !== undefined) {
    if (output.toLowerCase().endsWith(".h5")) writeHdf5(output, hdf5Of(detections));
    else writeFileAtomically(output, [new TextEncoder().encode(csvOf(detections, labels))]);
    log("info", "detect", `Scores of ${detections.length} windows in ${output}`);
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
  { min_score, overlap, background }: WindowFlags,
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
