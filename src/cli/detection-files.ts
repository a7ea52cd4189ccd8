import { basename, extname, join } from "node:path";
import { categoryIds } from "../inference/class-names.ts";
import type { DetectedObject } from "../inference/object-detector.ts";
import { writeFilesAtomically } from "../io/files/atomic-file.ts";
import { type ResultRow, resultTexts } from "../layers/detection/result-files.ts";

/** What is found in a picture. */
export interface PictureResult {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly objects: readonly DetectedObject[];
}

/**
 * Writes detections of pictures as result files, all of them or none: JSON of our own, COCO's, and PASCAL VOC's, the last
 * two as SSD's DetectionOutput writes them.
 *
 * @param formats some of json, coco, voc
 * @param names of all classes: VOC wants a file for each, also where nothing was found
 * @param labels what `--labels` says: COCO's categories have numbers of their own
 * @returns the files
 */
export function writeDetections(
  formats: ReadonlySet<string>,
  folder: string,
  results: readonly PictureResult[],
  names: ReadonlyMap<number, string>,
  labels: string | undefined,
): string[] {
  const texts = new Map<string, string>();
  if (formats.has("json")) {
    texts.set("detections.json", `${JSON.stringify(results, undefined, 2)}\n`);
  }
  if (formats.has("coco")) {
    const ids = categoryIds(labels);
    const rows = rowsOf(results, imageId, ({ label }) => String(ids?.get(label) ?? label));
    texts.set("detections.coco.json", resultTexts("COCO", rows, new Map()).get(".json") ?? "");
  }
  if (formats.has("voc")) {
    const rows = rowsOf(results, stemOf, ({ name }) => name);
    const found = results.flatMap(({ objects }) => objects);
    const all = new Map([...names, ...found.map(({ label, name }) => [label, name] as const)]);
    all.delete(0);
    for (const [name, text] of resultTexts("VOC", rows, all)) {
      texts.set(`comp4_det_test_${name.replaceAll(/[/\\]/g, "_")}`, text);
    }
  }
  const files = [...texts].map(([name, text]) => ({ path: join(folder, name), text }));
  writeFilesAtomically(
    files.map(({ path, text }) => ({ path, chunks: [new TextEncoder().encode(text)] })),
  );
  return files.map(({ path }) => path);
}

function rowsOf(
  results: readonly PictureResult[],
  idOf: (file: string) => string,
  nameOf: (object: DetectedObject) => string,
): ResultRow[] {
  return results.flatMap(({ file, objects }) =>
    objects.map((object): ResultRow => {
      const { xmin, ymin, xmax, ymax } = object.box;
      return {
        image: idOf(file),
        label: object.label,
        name: nameOf(object),
        score: object.score,
        box: [xmin, ymin, xmax, ymax],
      };
    }),
  );
}

function stemOf(file: string): string {
  return basename(file, extname(file));
}

/** The number that ends the name of one of COCO's pictures (COCO_val2014_000000000042.jpg: 42), or the whole name. */
function imageId(file: string): string {
  const stem = stemOf(file);
  const digits = /(?:^|_)0*(\d+)$/.exec(stem)?.[1];
  return digits ?? stem;
}
