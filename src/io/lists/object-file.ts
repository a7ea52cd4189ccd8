import { FormatError } from "../../util/errors.ts";
import { readList } from "./list-file.ts";
import { Words } from "./words.ts";

/** Numbers of an object: its class, whether it is ignored, whether it is difficult, and its corners. */
const OBJECT = 7;
/** Numbers of a region: its corners. */
const REGION = 4;

/** A rectangle in an image, in pixels. */
export interface Box {
  x1: number;
  y1: number;
  x2: number;
  y2: number;
}

/** Something to be found in an image. */
export interface ListedObject extends Box {
  readonly label: number;
  isIgnored: boolean;
  readonly isDifficult: boolean;
}

/** Images, the objects in each, and regions where nothing is known of any; numbers in shared memory. */
export interface ObjectFile {
  readonly source: string;
  readonly images: readonly string[];
  readonly channels: number;
  /** Height and width of each image. */
  readonly sizes: Int32Array;
  /** Image i has objects [objectStarts[i], objectStarts[i + 1]), and regions likewise. */
  readonly objects: Int32Array;
  readonly objectStarts: Int32Array;
  readonly regions: Int32Array;
  readonly regionStarts: Int32Array;
}

/**
 * Reads a window file of MS-CNN or Cascade R-CNN: for each image `# index`, path, channels, height, width, the number of
 * objects, for each of these `class ignored x1 y1 x2 y2`, the number of regions of no interest, and for each of these
 * `x1 y1 x2 y2`. Images count as they come, whatever their indices say.
 *
 * @param hasDifficult whether `difficult` stands behind `ignored`, as in Cascade R-CNN's
 * @throws FileError, FormatError where it cannot be read, or is not of that form
 */
export function readObjectFile(source: string, hasDifficult: boolean): ObjectFile {
  const words = new Words(source, readList(source, "window file"));
  const images: string[] = [];
  const [sizes, objects, regions]: [number[], number[], number[]] = [[], [], []];
  const [objectStarts, regionStarts] = [[0], [0]];
  let channels = 0;
  for (let word = words.next(); word !== ""; word = words.next()) {
    if (word !== "#") {
      words.refuse(`image ${images.length} begins with "${word}"`, "# and its index");
    }
    words.whole("an image's index", 0);
    images.push(words.next());
    channels = words.whole("channels", 1);
    sizes.push(words.whole("height", 1), words.whole("width", 1));
    const count = words.whole("the number of objects", 0);
    for (let i = 0; i < count; i++) {
      const label = words.whole("a class", 1);
      const ignored = words.whole("whether an object is ignored", 0);
      const difficult = hasDifficult ? words.whole("whether an object is difficult", 0) : 0;
      objects.push(label, ignored, difficult, ...corners(words));
    }
    const others = words.whole("the number of regions", 0);
    for (let i = 0; i < others; i++) regions.push(...corners(words));
    objectStarts.push(objects.length / OBJECT);
    regionStarts.push(regions.length / REGION);
  }
  if (images.length === 0) throw new FormatError(`${source}: File is empty. Expected images.`);
  return {
    source,
    images,
    channels,
    sizes: shared(sizes),
    objects: shared(objects),
    objectStarts: shared(objectStarts),
    regions: shared(regions),
    regionStarts: shared(regionStarts),
  };
}

function corners(words: Words): number[] {
  return ["x1", "y1", "x2", "y2"].map((name) => words.whole(name));
}

function shared(numbers: readonly number[]): Int32Array {
  const array = new Int32Array(new SharedArrayBuffer(4 * numbers.length));
  array.set(numbers);
  return array;
}

/** The objects of image `index`; the caller's own. */
export function objectsOf({ objects, objectStarts }: ObjectFile, index: number): ListedObject[] {
  return range(objectStarts, index).map((i) => {
    const [label = 0, ignored = 0, difficult = 0, x1 = 0, y1 = 0, x2 = 0, y2 = 0] =
      objects.subarray(OBJECT * i, OBJECT * (i + 1));
    return { label, isIgnored: ignored !== 0, isDifficult: difficult !== 0, x1, y1, x2, y2 };
  });
}

/** The regions of image `index`; the caller's own. */
export function regionsOf({ regions, regionStarts }: ObjectFile, index: number): Box[] {
  return range(regionStarts, index).map((i) => {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = regions.subarray(REGION * i, REGION * (i + 1));
    return { x1, y1, x2, y2 };
  });
}

function range(starts: Int32Array, index: number): number[] {
  const from = starts[index] ?? 0;
  return Array.from({ length: (starts[index + 1] ?? from) - from }, (_, i) => from + i);
}
