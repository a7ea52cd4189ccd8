import { join } from "node:path";
import { fileNames, isDirectory } from "./file-system.ts";

/** Endings of image files that can be read. */
const PICTURE = /\.(jpe?g|png|webp|gif|tiff?|bmp|p[bgpn]m)$/i;

/** What images may be, for messages. */
export const PICTURE_KINDS = "JPEG, PNG, WebP, GIF, TIFF, BMP or PNM files";

/** Whether a file's name is that of an image; hidden files are none. */
export function isPictureName(name: string): boolean {
  return PICTURE.test(name) && !name.startsWith(".");
}

/** The names of folders in a folder, in order; hidden ones count as none. */
export function folderNames(folder: string): string[] {
  return fileNames(folder)
    .filter((name) => !name.startsWith(".") && isDirectory(join(folder, name)))
    .sort();
}

/** The pictures in a folder and those below it, in order, by their paths from there. */
export function picturesBelow(folder: string): string[] {
  return filesBelow(folder, isPictureName);
}

/**
 * The files in a folder and in those below it, in order, by their paths from there; hidden folders count as none.
 * @param isWanted tells by a file's name whether it is one
 */
export function filesBelow(folder: string, isWanted: (name: string) => boolean): string[] {
  return fileNames(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      if (isDirectory(path)) {
        if (name.startsWith(".")) return [];
        return filesBelow(path, isWanted).map((below) => `${name}/${below}`);
      }
      return isWanted(name) ? [name] : [];
    });
}
