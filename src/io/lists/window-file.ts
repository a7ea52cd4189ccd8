import { FormatError } from "../../util/errors.ts";
import { readList } from "./list-file.ts";
import { Words } from "./words.ts";

/** Numbers of a window: its image, its class, and its corners x1, y1, x2, y2, which belong to it. */
const NUMBERS = 6;

/** A rectangle in an image, corners included, and what lies in it. */
export interface Window {
  readonly image: number;
  readonly label: number;
  readonly corners: readonly [x1: number, y1: number, x2: number, y2: number];
}

/** Windows in shared memory, six numbers each. */
type SharedWindows = Int32Array;

/** What a window file lists. */
export interface WindowFile {
  readonly images: readonly string[];
  readonly channels: number;
  readonly foreground: SharedWindows;
  readonly background: SharedWindows;
}

/** How many windows there are. */
export function windowCount(windows: SharedWindows): number {
  return windows.length / NUMBERS;
}

/** Window number `index`. */
export function windowAt(windows: SharedWindows, index: number): Window {
  const [image = 0, label = 0, x1 = 0, y1 = 0, x2 = 0, y2 = 0] = windows.subarray(
    NUMBERS * index,
    NUMBERS * (index + 1),
  );
  return { image, label, corners: [x1, y1, x2, y2] };
}

/**
 * Reads R-CNN's window file: for each image `# index`, path, channels, height, width, the number of windows, and
 * for each of these `class overlap x1 y1 x2 y2`. Windows below `bgThreshold` are background, of class 0; those
 * from `fgThreshold` on are foreground; others are left out. Images count as they come, whatever their indices say.
 *
 * @throws FileError, FormatError where it cannot be read, or is not of that form
 */
export function readWindowFile(path: string, fgThreshold: number, bgThreshold: number): WindowFile {
  const words = new Words(path, readList(path, "window file"));
  const images: string[] = [];
  const foreground = new WindowList();
  const background = new WindowList();
  let channels = 0;
  for (let word = words.next(); word !== ""; word = words.next()) {
    if (word !== "#")
      words.refuse(`image ${images.length} begins with "${word}"`, "# and its index");
    words.whole("an image's index", 0);
    const image = images.push(words.next()) - 1;
    channels = words.whole("channels", 1);
    words.whole("height", 1);
    words.whole("width", 1);
    const count = words.whole("the number of windows", 0);
    for (let i = 0; i < count; i++) {
      const label = words.whole("a class");
      const overlap = words.number("an overlap");
      const corners = ["x1", "y1", "x2", "y2"].map((name) => words.whole(name));
      if (overlap >= fgThreshold) {
        if (label <= 0) words.refuse(`a foreground window of class ${label}`, "1 or more");
        foreground.add([image, label, ...corners]);
      } else if (overlap < bgThreshold) background.add([image, 0, ...corners]);
    }
  }
  if (foreground.count === 0 || background.count === 0) {
    throw new FormatError(
      `${path}: ${foreground.count} foreground and ${background.count} background windows. Expected both kinds.`,
    );
  }
  return { images, channels, foreground: foreground.shared(), background: background.shared() };
}

/** Windows as they come; the room for them doubles when it is full. */
class WindowList {
  #room = new Int32Array(NUMBERS * 64);
  count = 0;

  add(numbers: readonly number[]): void {
    const at = NUMBERS * this.count++;
    if (at === this.#room.length) {
      const larger = new Int32Array(2 * at);
      larger.set(this.#room);
      this.#room = larger;
    }
    this.#room.set(numbers, at);
  }

  shared(): SharedWindows {
    const length = NUMBERS * this.count;
    const windows = new Int32Array(new SharedArrayBuffer(4 * length));
    windows.set(this.#room.subarray(0, length));
    return windows;
  }
}
