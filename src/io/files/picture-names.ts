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
  return fileNames(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      if (isDirectory(path)) {
        return name.startsWith(".") ? [] : picturesBelow(path).map((below) => `${name}/${below}`);
      }
      return isPictureName(name) ? [name] : [];
    });
}
