import { FormatError } from "../../util/errors.ts";
import type { GatherHooks } from "../gather-pictures.ts";
import type { Picture, PictureSet } from "../picture.ts";
import { readablePictures } from "../readable-pictures.ts";
import { mixed, splitPictures } from "../split.ts";
import { splitByList } from "../split-by-list.ts";
import { type FoundAnnotations, findAnnotations } from "./find-annotations.ts";

/** Where pictures and their annotations come from, and how they are shared out. */
interface GatherOptions {
  readonly images: string;
  readonly annotations: string;
  /** How much to test with, between 0 and 1; or a list that names the pictures. */
  readonly val: number | string;
  readonly seed: number;
  readonly threads: number;
}

/** Pictures that are whole, with their annotations, and shared out. */
export interface GatheredAnnotations extends FoundAnnotations {
  readonly sets: { readonly train: PictureSet; readonly val: PictureSet };
  /** What is wrong with those that are left out. */
  readonly damaged: readonly string[];
}

/**
 * Finds pictures with annotations, leaves out those that cannot be read, and shares the rest out, so that each kind of object
 * has its part in both.
 *
 * @throws FileError, FormatError, CaffeError where there are too few, or no objects
 */
export async function gatherAnnotated(
  { images, annotations, val, seed, threads }: GatherOptions,
  { say, onProgress, check }: GatherHooks,
): Promise<GatheredAnnotations> {
  const warn = (message: string): void => say("warning", message);
  const found = findAnnotations(images, annotations, warn);
  const damaged: string[] = [];
  const leaveOut = (problem: string): void => {
    damaged.push(problem);
    warn(`${problem} It is left out.`);
  };
  // A list has blanks between a picture and its annotation.
  const isNamed = ({ path }: Picture): boolean => {
    const names = [path, found.files.get(path) ?? ""];
    const blank = names.find((name) => /\s/.test(name));
    if (blank !== undefined)
      leaveOut(`"${blank}" has a blank in its path, and a list could not name it.`);
    return blank === undefined;
  };
  let done = 0;
  const root = images.endsWith("/") ? images : `${images}/`;
  const whole = await readablePictures(
    { root, pictures: found.pictures.filter(isNamed) },
    {
      ...{ isColor: true, threads, check, onDamaged: leaveOut },
      onPicture: () => onProgress(++done, found.pictures.length),
    },
  );
  if (whole.pictures.length < 2) {
    throw new FormatError(
      `"${images}": ${whole.pictures.length} pictures with annotations can be read. Expected two or more, one to train and one to test with.`,
    );
  }
  const { train, val: tested } =
    typeof val === "number" ? splitPictures(whole, val, seed) : splitByList(whole, val);
  return { ...found, damaged, sets: { train: mixed(train, seed), val: mixed(tested, seed) } };
}
