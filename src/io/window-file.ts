import { FormatError } from "../util/errors.ts";
import { readText } from "./files.ts";

/** A rectangle in an image, corners included, and what lies in it. */
export interface Window {
  readonly image: number;
  readonly label: number;
  readonly corners: readonly [x1: number, y1: number, x2: number, y2: number];
}

/** What a window file lists. */
export interface WindowFile {
  readonly images: readonly string[];
  readonly channels: number;
  readonly foreground: readonly Window[];
  readonly background: readonly Window[];
}

/**
 * Reads R-CNN's window file: for each image `# index`, path, channels, height, width, the number of windows, and
 * for each of these `class overlap x1 y1 x2 y2`. Windows below `bgThreshold` are background, of class 0; those
 * from `fgThreshold` on are foreground; others are left out.
 *
 * @throws FileError, FormatError where it cannot be read, or is not of that form
 */
export function readWindowFile(path: string, fgThreshold: number, bgThreshold: number): WindowFile {
  const words = readText(path, "window file").split(/\s+/).filter(Boolean);
  const images: string[] = [];
  const foreground: Window[] = [];
  const background: Window[] = [];
  let channels = 0;
  let at = 0;
  const number = (what: string): number => {
    const value = Number(words[at++] ?? Number.NaN);
    if (!Number.isFinite(value)) {
      throw new FormatError(
        `${path}: image ${images.length}: ${what} is "${words[at - 1] ?? ""}". Expected a number.`,
      );
    }
    return value;
  };
  while (at < words.length) {
    if (words[at++] !== "#") {
      throw new FormatError(
        `${path}: image ${images.length} begins with "${words[at - 1]}". Expected # and its index.`,
      );
    }
    const image = number("its index");
    images[image] = words[at++] ?? "";
    channels = number("channels");
    number("height");
    number("width");
    const count = number("the number of windows");
    for (let i = 0; i < count; i++) {
      const label = number("a class");
      const overlap = number("an overlap");
      const corners = [number("x1"), number("y1"), number("x2"), number("y2")] as const;
      if (overlap >= fgThreshold) {
        if (label <= 0)
          throw new FormatError(
            `${path}: a foreground window of class ${label}. Expected 1 or more.`,
          );
        foreground.push({ image, label, corners });
      } else if (overlap < bgThreshold) background.push({ image, label: 0, corners });
    }
  }
  if (foreground.length === 0 || background.length === 0) {
    throw new FormatError(
      `${path}: ${foreground.length} foreground and ${background.length} background windows. Expected both kinds.`,
    );
  }
  return { images, channels, foreground, background };
}
