import { basename, dirname, extname, join } from "node:path";
import { fileNames, isDirectory } from "../io/files/file-system.ts";
import { CaffeError } from "../util/errors.ts";

/** Endings of image files that can be read. */
const PICTURE = /\.(jpe?g|png|webp|gif|tiff?|bmp|p[bgpn]m)$/i;

/**
 * The pictures that words of a command line name: files, and of folders the pictures in them, by name.
 * @param ours names that the command itself gives to pictures, which are no input
 * @throws CaffeError where a folder holds none
 */
export function pictureFiles(words: readonly string[], ours: RegExp): string[] {
  return words.flatMap((word) => {
    if (!isDirectory(word)) return [word];
    const files = fileNames(word)
      .filter((name) => PICTURE.test(name) && !ours.test(name))
      .sort();
    if (files.length > 0) return files.map((name) => join(word, name));
    throw new CaffeError(
      `${word} holds no picture. Expected JPEG, PNG, WebP, GIF, TIFF, BMP or PNM files.`,
    );
  });
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
