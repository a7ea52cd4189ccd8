import { join, resolve } from "node:path";
import { CaffeError, FormatError } from "../util/errors.ts";
import { extractPictures, isDatabase } from "./database-pictures.ts";
import { findPictures } from "./find-pictures.ts";
import { classesOf, type FoundPictures, type PictureSet } from "./picture.ts";
import { checkClasses, type LookOptions, readablePictures } from "./readable-pictures.ts";
import { mixed, splitPictures } from "./split.ts";

/** The parts of a run's pictures, in the order in which they are written. */
export const PARTS = ["train", "val", "test"] as const;

/** Where pictures come from, and how they are shared out. */
interface GatherOptions {
  readonly images: string;
  /** The folder that pictures of a database are written to. */
  readonly place: string;
  /** A file with the names of a database's labels. */
  readonly labels?: string | undefined;
  readonly root?: string | undefined;
  readonly val: number | string;
  readonly seed: number;
  readonly isColor: boolean;
  readonly threads: number;
}

export interface GatherHooks {
  readonly say: (severity: "info" | "warning", message: string) => void;
  readonly onProgress: (done: number, total: number) => void;
  readonly check: () => void;
}

/** Pictures that are whole, and shared out. */
export interface GatheredPictures {
  /** Names of classes in the order of their labels. */
  readonly classes: readonly string[];
  readonly sets: {
    readonly train: PictureSet;
    readonly val: PictureSet;
    readonly test?: PictureSet;
  };
  /** What is wrong with those that are left out. */
  readonly damaged: readonly string[];
  readonly areJpegs: boolean;
}

/**
 * Finds pictures, leaves out those that cannot be read, and shares the rest out for training and testing.
 * @throws FileError, FormatError, CaffeError where there are none, of one class only, or a class has too few
 */
export async function gatherPictures(
  options: GatherOptions,
  { say, onProgress, check }: GatherHooks,
): Promise<GatheredPictures> {
  const { images, root, place, labels, val, seed, isColor, threads } = options;
  const warn = (message: string): void => say("warning", message);
  const picturesOf = async (source: string, name: string): Promise<FoundPictures> => {
    if (!isDatabase(source)) return findPictures(source, root, warn);
    return { train: await extractPictures(source, { folder: join(place, name), labels, check }) };
  };
  const found = await picturesOf(images, "pictures");
  const own = typeof val === "string" ? (await picturesOf(val, "val_pictures")).train : found.val;
  if (labels !== undefined && !isDatabase(images)) {
    throw new CaffeError(
      "--labels names the labels of a database or of --masks. Expected one of them, or no --labels.",
    );
  }
  const all: FoundPictures = { ...found, ...(own && { val: own }) };
  const classes = classesOf(all.train.pictures);
  checkNames(images, classes);
  const damaged: string[] = [];
  const total = PARTS.reduce((sum, name) => sum + (all[name]?.pictures.length ?? 0), 0);
  let done = 0;
  const look: LookOptions = {
    ...{ isColor, threads, check },
    onPicture: () => onProgress(++done, total),
    onDamaged: (problem) => {
      damaged.push(problem);
      warn(`${problem} It is left out.`);
    },
  };
  const train = await readablePictures(all.train, look);
  checkClasses(images, train, classes, all.val ? 1 : 2);
  const apart = async (set: PictureSet | undefined): Promise<PictureSet | undefined> => {
    if (set === undefined) return undefined;
    const unknown = set.pictures.find((picture) => !classes.includes(picture.class));
    if (unknown) {
      throw new FormatError(
        `${set.root}${unknown.path}: there is no class "${unknown.class}" to train with. Expected one of ${classes.join(", ")}.`,
      );
    }
    const whole = await readablePictures(set, look);
    if (whole.pictures.length > 0) return whole;
    throw new FormatError(
      `${set.root}: no picture to test with can be read. Expected one or more.`,
    );
  };
  const [apartVal, test] = [await apart(all.val), await apart(all.test)];
  const sets = apartVal ? { train, val: apartVal } : splitPictures(train, Number(val), seed);
  const ready = (set: PictureSet): PictureSet => mixed(rooted(set), seed);
  return {
    ...{ classes, damaged },
    sets: { train: ready(sets.train), val: ready(sets.val), ...(test && { test: ready(test) }) },
    areJpegs: train.pictures.every(({ path }) => /\.jpe?g$/i.test(path)),
  };
}

/** A set whose paths may lead anywhere: those of a list that do not stay below its folder are whole then. */
function rooted(set: PictureSet): PictureSet {
  const leadsOut = set.pictures.some(
    ({ path }) => path.startsWith("/") || path.split("/").includes(".."),
  );
  if (!leadsOut) return set;
  const pictures = set.pictures.map((picture) => ({
    ...picture,
    path: resolve(set.root, picture.path).slice(1),
  }));
  return { root: "/", pictures };
}

function checkNames(images: string, classes: readonly string[]): void {
  const [only] = classes;
  if (classes.length === 1) {
    throw new CaffeError(
      `"${images}" holds pictures of one class, ${only}. Expected two or more, a folder for each.`,
    );
  }
  const bad = classes.find((name) => /[\r\n]/.test(name));
  if (bad !== undefined) {
    throw new CaffeError(
      `class ${JSON.stringify(bad)} has a line break in its name. Expected none.`,
    );
  }
}
