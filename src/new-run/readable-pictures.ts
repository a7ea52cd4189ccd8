import { join } from "node:path";
import { readWhole } from "../io/convert/readable-image.ts";
import { inOrder } from "../io/jobs/in-order.ts";
import { FormatError } from "../util/errors.ts";
import type { PictureSet } from "./picture.ts";

/** How pictures are looked at. */
export interface LookOptions {
  readonly isColor: boolean;
  readonly threads: number;
  /** Told of each picture that cannot be read, and why. */
  readonly onDamaged: (problem: string) => void;
  /** Told after each picture. */
  readonly onPicture: () => void;
  /** Asked before each picture: throws to stop. */
  readonly check: () => void;
}

/** The set without the pictures that cannot be decoded, or that a line of a list cannot name. */
export async function readablePictures(set: PictureSet, options: LookOptions): Promise<PictureSet> {
  const { isColor, threads, onDamaged, onPicture, check } = options;
  const jobs = set.pictures.map(({ path }) => ({ path: fullPath(set.root, path), isColor }));
  const pictures = [];
  let i = 0;
  for await (const outcome of inOrder(readWhole, jobs, threads)) {
    check();
    const picture = set.pictures[i++];
    onPicture();
    if (picture === undefined) continue;
    const problem = "error" in outcome ? outcome.error : nameProblem(picture.path);
    if (problem === undefined) pictures.push(picture);
    else onDamaged(problem);
  }
  return { ...set, pictures };
}

function fullPath(root: string, path: string): string {
  return root === "" ? path : join(root, path);
}

function nameProblem(path: string): string | undefined {
  return /[\r\n]|^\s|\s$/.test(path)
    ? `"${path}" has a line break, or blanks at its ends, in its name, and a list could not name it.`
    : undefined;
}

/**
 * Makes sure that every class has pictures left.
 * @param least how many each has to have
 * @throws FormatError where one has fewer
 */
export function checkClasses(
  source: string,
  set: PictureSet,
  classes: readonly string[],
  least: number,
): void {
  const counts = new Map<string, number>();
  for (const picture of set.pictures) {
    counts.set(picture.class, (counts.get(picture.class) ?? 0) + 1);
  }
  const small = classes.find((name) => (counts.get(name) ?? 0) < least);
  if (small === undefined) return;
  const count = counts.get(small) ?? 0;
  throw new FormatError(
    `${source}: class "${small}" has ${count === 0 ? "no picture" : `${count} picture`} that can be read. Expected ${least} or more${least === 2 ? ", one to train and one to test with" : ""}.`,
  );
}
