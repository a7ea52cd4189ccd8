import { fileExists, isDirectory } from "../io/files/file-system.ts";
import { readText } from "../io/files/read-file.ts";
import { CaffeError, FileError } from "../util/errors.ts";
import type { Picture, PictureSet } from "./picture.ts";

/**
 * Splits a set by a list of the pictures to test with: a path, a name, or a name without its ending in each line.
 * @throws FileError where there is no such list, CaffeError where it names none of the pictures, or all
 */
export function splitByList(
  set: PictureSet,
  list: string,
): { readonly train: PictureSet; readonly val: PictureSet } {
  if (!fileExists(list) || isDirectory(list)) {
    throw new FileError(
      `--val: "${list}" is no file. Expected a part between 0 and 1, or a list that names the pictures to test with.`,
    );
  }
  const lines = readText(list, "list").split(/\r?\n/);
  const names = new Set(lines.flatMap((line) => line.trim().split(/\s+/)[0] || []));
  const isNamed = ({ path }: Picture): boolean => {
    const name = path.slice(path.lastIndexOf("/") + 1);
    return [path, name].some((one) => names.has(one) || names.has(one.replace(/\.[^./]*$/, "")));
  };
  const [val, train] = [true, false].map((wanted) => ({
    ...set,
    pictures: set.pictures.filter((picture) => isNamed(picture) === wanted),
  }));
  if (train && val && train.pictures.length > 0 && val.pictures.length > 0) return { train, val };
  throw new CaffeError(
    `--val: "${list}" names ${val?.pictures.length ?? 0} of the ${set.pictures.length} pictures. Expected some of them, and others to train with.`,
  );
}
