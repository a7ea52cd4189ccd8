import { basename, dirname, extname, isAbsolute, join } from "node:path";
import { fileExists, fileNames, isDirectory } from "../io/files/file-system.ts";
import { isPictureName, PICTURE_KINDS, picturesBelow } from "../io/files/picture-names.ts";
import { listedImage, readImageList } from "../io/lists/image-list.ts";
import { CaffeError } from "../util/errors.ts";

/**
 * The pictures that words of a command line name: files, and of folders the pictures in them, by name.
 * @param ours names that the command itself gives to pictures, which are no input
 * @throws CaffeError where a folder holds none
 */
export function pictureFiles(words: readonly string[], ours: RegExp): string[] {
  return words.flatMap((word) => {
    if (!isDirectory(word)) return [word];
    const files = fileNames(word)
      .filter((name) => isPictureName(name) && !ours.test(name))
      .sort();
    if (files.length > 0) return files.map((name) => join(word, name));
    throw noPicture(word);
  });
}

function noPicture(word: string): CaffeError {
  return new CaffeError(`${word} holds no picture. Expected ${PICTURE_KINDS}.`);
}

/**
 * The pictures that words of a command line name: files, folders with all below them, patterns with `*` and `?` that a shell
 * has left as they are, and lists (.txt, a path on each line, with a label or without).
 *
 * @param root what paths in a list begin from; its own folder by default
 * @throws CaffeError where a folder or a pattern names none; FileError, FormatError where a list cannot be read
 */
export function picturesNamed(words: readonly string[], root?: string): string[] {
  return words.flatMap((word) => {
    if (isDirectory(word)) {
      const files = picturesBelow(word);
      if (files.length > 0) return files.map((name) => join(word, name));
      throw noPicture(word);
    }
    if (extname(word).toLowerCase() === ".txt") return picturesListed(word, root);
    if (!/[*?]/.test(word) || fileExists(word)) return [word];
    const files = filesLike(word).filter((file) => isPictureName(basename(file)));
    if (files.length > 0) return files;
    throw new CaffeError(`${word} is like no picture's name. Expected ${PICTURE_KINDS}.`);
  });
}

function picturesListed(file: string, root = dirname(file)): string[] {
  const list = readImageList(file, "optional");
  return Array.from(list.starts, (_, i) => {
    const { path } = listedImage(list, i);
    return isAbsolute(path) ? path : join(root, path);
  });
}

/** The files whose paths are like a pattern, in order; `*` stands for any letters but `/`, `?` for one. */
function filesLike(pattern: string): string[] {
  let found = [isAbsolute(pattern) ? "/" : ""];
  for (const part of pattern.split("/").filter((one) => one !== "")) {
    const letters = part.replace(/[.+^${}()|[\]\\]/g, "\\$&");
    const like = new RegExp(`^${letters.replaceAll("*", "[^/]*").replaceAll("?", "[^/]")}$`);
    found = found.flatMap((folder) => {
      if (!/[*?]/.test(part)) return [join(folder, part)].filter(fileExists);
      const names = fileNames(folder || ".").filter((name) => like.test(name));
      return names.sort().map((name) => join(folder, name));
    });
  }
  return found;
}

/**
 * Where each picture's result goes: beside it, or in a folder, as `NAME.<ending>`; `NAME.jpg.<ending>` where another
 * picture is called so.
 */
export function resultPaths(
  files: readonly string[],
  folder: string | undefined,
  ending: string,
): Map<string, string> {
  const paths = new Map<string, string>();
  const taken = new Set<string>();
  for (const file of files) {
    const place = folder ?? dirname(file);
    const short = join(place, `${basename(file, extname(file))}.${ending}`);
    const path = taken.has(short) ? join(place, `${basename(file)}.${ending}`) : short;
    if (taken.has(path) && !paths.has(file)) {
      throw new CaffeError(
        `two pictures are called ${basename(file)}, and both results would be ${path}. Expected one of a name.`,
      );
    }
    taken.add(path);
    paths.set(file, path);
  }
  return paths;
}
