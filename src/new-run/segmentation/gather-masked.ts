import { join, resolve } from "node:path";
import { labelCounts } from "../../io/convert/label-counts.ts";
import { fileExists, isDirectory } from "../../io/files/file-system.ts";
import { filesBelow, PICTURE_KINDS, picturesBelow } from "../../io/files/picture-names.ts";
import { readText } from "../../io/files/read-file.ts";
import { inOrder } from "../../io/jobs/in-order.ts";
import { CaffeError, FileError, FormatError } from "../../util/errors.ts";
import type { GatherHooks } from "../gather-pictures.ts";
import type { Picture, PictureSet } from "../picture.ts";
import { mixed, splitPictures } from "../split.ts";
import { splitByList } from "../split-by-list.ts";

/** The label of pixels that count for nothing. */
const IGNORED = 255;

/** Where pictures and their label images come from, and how they are shared out. */
interface GatherOptions {
  readonly images: string;
  readonly masks: string;
  /** A file with a name for each label, one a line. */
  readonly labels?: string | undefined;
  /** How much to test with, between 0 and 1; or a list that names the pictures. */
  readonly val: number | string;
  readonly seed: number;
  readonly threads: number;
}

/** Pictures and label images that are whole, and shared out. */
export interface GatheredMasks {
  /** Names of the labels, 0 first. */
  readonly classes: readonly string[];
  readonly sets: { readonly train: PictureSet; readonly val: PictureSet };
  /** The label image of each picture. */
  readonly masks: ReadonlyMap<string, string>;
  /** What is wrong with those that are left out. */
  readonly damaged: readonly string[];
}

/**
 * Finds pictures with label images of the same name but for the ending, leaves out those that cannot be read, and shares the
 * rest out, so that each label has its part in both.
 *
 * @throws FileError, FormatError, CaffeError where there are too few, labels of one kind only, or another number of names
 */
export async function gatherMasked(
  { images, masks: folder, labels, val, seed, threads }: GatherOptions,
  { say, onProgress, check }: GatherHooks,
): Promise<GatheredMasks> {
  const masks = masksOf(images, folder, (message) => say("warning", message));
  const damaged: string[] = [];
  const leaveOut = (problem: string): void => {
    damaged.push(problem);
    say("warning", `${problem} It is left out.`);
  };
  const named = [...masks].filter(([path, mask]) => {
    const blank = [path, mask].find((name) => /\s/.test(name));
    if (blank === undefined) return true;
    leaveOut(`"${blank}" has a blank in its path, and a list could not name it.`);
    return false;
  });
  const jobs = named.map(([path, mask]) => ({ path: join(images, path), mask }));
  const totals = Array.from({ length: IGNORED }, () => 0);
  const found: { path: string; counts: readonly number[] }[] = [];
  let done = 0;
  for await (const outcome of inOrder(labelCounts, jobs, threads)) {
    check();
    const [path = ""] = named[done++] ?? [];
    onProgress(done, jobs.length);
    if ("error" in outcome) {
      leaveOut(outcome.error);
      continue;
    }
    const counts = outcome.result;
    found.push({ path, counts });
    for (const label of totals.keys()) totals[label] = (totals[label] ?? 0) + (counts[label] ?? 0);
  }
  if (found.length < 2) {
    throw new FormatError(
      `"${images}": ${found.length} pictures with label images can be read. Expected two or more, one to train and one to test with.`,
    );
  }
  const classes = namesOf(folder, labels, totals.findLastIndex((total) => total > 0) + 1);
  const pictures = found.map(({ path, counts }): Picture => {
    const shown = [...totals.keys()].filter((label) => (counts[label] ?? 0) > 0);
    const [rarest = 0] = shown.sort((a, b) => (totals[a] ?? 0) - (totals[b] ?? 0));
    return { path, class: String(rarest) };
  });
  const set = { root: images.endsWith("/") ? images : `${images}/`, pictures };
  const { train, val: tested } =
    typeof val === "number" ? splitPictures(set, val, seed) : splitByList(set, val);
  return {
    ...{ classes, masks, damaged },
    sets: { train: mixed(train, seed), val: mixed(tested, seed) },
  };
}

/** The label image of each picture of a folder, found by its path without its ending. */
function masksOf(
  images: string,
  folder: string,
  warn: (message: string) => void,
): Map<string, string> {
  for (const one of [images, folder]) {
    if (!isDirectory(one)) {
      throw new FileError(
        `"${one}" is ${fileExists(one) ? "no folder" : "not there"}. Expected a folder of pictures, and one of label images of the same names.`,
      );
    }
  }
  const paths = picturesBelow(images);
  if (paths.length === 0) {
    throw new CaffeError(`"${images}" holds no picture. Expected ${PICTURE_KINDS}.`);
  }
  const files = filesBelow(folder, (name) => /\.(png|bmp|gif|tiff?|pgm)$/i.test(name));
  const byStem = new Map(files.map((file) => [stemOf(file), resolve(folder, file)]));
  const masks = new Map(
    paths.flatMap((path): [string, string][] => {
      const mask = byStem.get(stemOf(path));
      return mask === undefined ? [] : [[path, mask]];
    }),
  );
  if (masks.size === 0) {
    throw new CaffeError(
      `"${folder}" holds no label image of a picture of "${images}". Expected PNG files of the pictures' names: ${join(folder, `${stemOf(paths[0] ?? "")}.png`)}.`,
    );
  }
  const [without, lost] = [paths.length - masks.size, files.length - masks.size];
  if (without > 0) warn(`${images}: ${without} pictures without a label image: left out.`);
  if (lost > 0) warn(`${folder}: ${lost} label images of no picture in ${images}: left out.`);
  return masks;
}

function stemOf(path: string): string {
  return path.replace(/\.[^./]*$/, "");
}

/** The names of the labels: those of a file, or their numbers. */
function namesOf(folder: string, file: string | undefined, count: number): string[] {
  if (count < 2) {
    throw new CaffeError(
      `"${folder}": the label images hold ${count === 0 ? "nothing but 255, which counts for nothing" : "0 and 255 alone, and 255 counts for nothing"}. Expected the number of a class in each pixel, 0 and 1 for two.`,
    );
  }
  if (file === undefined) return Array.from({ length: count }, (_, label) => String(label));
  const names = readText(file, "label file")
    .split(/\r?\n/)
    .filter((name) => name.trim() !== "");
  if (names.length >= count) return names;
  throw new FormatError(
    `${file}: it has ${names.length} names, and a label image the number ${count - 1}. Expected ${count} or more, that of label 0 first.`,
  );
}
