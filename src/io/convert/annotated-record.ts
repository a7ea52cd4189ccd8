import { FormatError } from "../../util/errors.ts";
import { readBytes } from "../files/read-file.ts";
import { ImageDecoder } from "../images/decode.ts";
import { encodeImage, isSameKind, suffixOf } from "../images/encode.ts";
import { decodeLabels } from "../images/label-image.ts";
import { imageOf, type Raster } from "../images/raster.ts";
import { resizeLinear, resizeNearest } from "../images/resize.ts";
import type { Work } from "../jobs/in-order.ts";
import type { AnnotatedObject, ImageAnnotation } from "../lists/annotation-file.ts";
import { pathWithin } from "../lists/image-list.ts";
import {
  type AnnotationGroup,
  BBOX,
  BBOX_AND_MASK,
  encodeAnnotatedDatum,
} from "../proto/annotated-datum.ts";
import type { MadeRecord } from "./record-set.ts";

/** An object of an image, by its label. */
export interface LabelledObject extends Omit<AnnotatedObject, "name"> {
  readonly label: number;
}

/** A file of the classes of an image's pixels. */
export interface MaskFile {
  readonly path: string;
  /** Values that stand for something; all where it is not known. */
  readonly known: readonly number[] | undefined;
}

/** An image file and its annotations, which become a record. */
interface AnnotatedJob {
  /** Put before the path, without a slash between. */
  readonly root: string;
  readonly path: string;
  /** The image's label, or −1. */
  readonly label: number;
  /** What is to be seen in the image, by the image's size in its file; undefined where the image has a label alone. */
  readonly objects: readonly LabelledObject[] | undefined;
  readonly size: ImageAnnotation["size"];
  /** Where there is one, the file of its mask, and the values of pixels that classes have. */
  readonly mask: MaskFile | undefined;
  readonly isColor: boolean;
  /** The size that it is brought to; 0 by 0 for its own. */
  readonly height: number;
  readonly width: number;
  /** The shorter side is this long at least, the longer one that long at most; 0 for any. They go before a size. */
  readonly minDim: number;
  readonly maxDim: number;
  readonly encoded: boolean;
  readonly encodeType: string;
}

const decoder = new ImageDecoder();

async function run(job: AnnotatedJob): Promise<MadeRecord> {
  const { label, isColor, encoded, encodeType } = job;
  const path = pathWithin(".", job.root, job.path);
  const bytes = readBytes(path, "image");
  const decoded = await decoder.decode(bytes, isColor ? "color" : "gray", path);
  const own = [decoded.height, decoded.width] as const;
  const { groups, warnings } = groupsOf(job, own);
  const image = imageOf(sized(decoded, job));
  const { channels, height, width } = image;
  const shape = [channels, height, width] as const;
  const { mask, warning } = job.mask
    ? await maskOf(job.mask, own, [height, width])
    : { mask: undefined, warning: undefined };
  if (warning) warnings.push(warning);
  const type = job.objects && (mask ? BBOX_AND_MASK : BBOX);
  if (!encoded) {
    const datum = { ...image, label, encoded: false, mask };
    return { record: encodeAnnotatedDatum({ datum, type, groups }), shape, warnings };
  }
  const encoding = encodeType || suffixOf(path);
  const isAsked = job.height > 0 || job.minDim > 0 || job.maxDim > 0;
  const isTaken = !isAsked && isSameKind(suffixOf(path), encoding);
  const data = isTaken ? bytes : await encodeImage(image, encoding);
  const datum = { channels, height, width, data, label, encoded: true, mask };
  return { record: encodeAnnotatedDatum({ datum, type, groups }), shape, warnings };
}

/** What pixels that count for nothing have, and those of one class that is white. */
const NO_CLASS = 255;

/**
 * A PNG of a mask's classes at the size of its image, by nearest pixel, and what is strange about it.
 * @throws FileError, FormatError where it cannot be read, or is not of the image's own size
 */
async function maskOf(
  { path, known }: MaskFile,
  [height, width]: readonly [number, number],
  size: readonly [number, number],
): Promise<{ readonly mask: Uint8Array; readonly warning: string | undefined }> {
  const own = await decodeLabels(readBytes(path, "mask"), decoder, path);
  if (own.height !== height || own.width !== width) {
    throw new FormatError(
      `mask ${path} is ${own.height}×${own.width}. Expected ${height}×${width}, its image's size.`,
    );
  }
  const mask = imageOf(resizeNearest(own, ...size));
  const strange = new Set(known && mask.data);
  for (const value of [...(known ?? []), NO_CLASS]) strange.delete(value);
  const values = [...strange].sort((a, b) => a - b).join(", ");
  const warning = strange.size
    ? `mask ${path} has pixels of ${values}, which the label map does not name: they count for no class.`
    : undefined;
  return { mask: await encodeImage(mask, "png"), warning };
}

/** Makes a record of an image file and its annotations. */
export const makeAnnotatedRecord: Work<AnnotatedJob, MadeRecord> = {
  run,
  module: import.meta.url,
  name: "makeAnnotatedRecord",
};

/** The image at the size that is asked for. */
function sized(image: Raster, { height, width, minDim, maxDim }: AnnotatedJob): Raster {
  if (minDim === 0 && maxDim === 0) {
    return height > 0 ? resizeLinear(image, height, width) : image;
  }
  const [short, long] = [Math.min(image.height, image.width), Math.max(image.height, image.width)];
  let factor = minDim > short ? Math.fround(minDim / short) : 1;
  if (maxDim > 0 && Math.trunc(Math.fround(factor * long)) > maxDim) {
    factor = Math.fround(maxDim / long);
  }
  if (factor === 1) return image;
  const side = (length: number): number => Math.max(roundHalfToEven(length * factor), 1);
  return resizeLinear(image, side(image.height), side(image.width), undefined, factor);
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Objects by their labels, in the order in which these come, boxes as shares of the image's sides. */
function groupsOf(
  { objects = [], size, path }: AnnotatedJob,
  own: readonly [number, number],
): { readonly groups: readonly AnnotationGroup[]; readonly warnings: string[] } {
  const warnings: string[] = [];
  const [height, width] = size ?? own;
  if (size && (height !== own[0] || width !== own[1])) {
    warnings.push(
      `${path} is ${own.join("×")}, and its annotation says ${size.join("×")}: boxes are taken as shares of that.`,
    );
  }
  const groups = new Map<
    number,
    { label: number; annotations: AnnotationGroup["annotations"][number][] }
  >();
  for (const { label, box, isDifficult } of objects) {
    const group = groups.get(label) ?? { label, annotations: [] };
    groups.set(label, group);
    const problem = problemOf(box, height, width);
    if (problem) warnings.push(`box ${box.join(" ")} of label ${label} ${problem}.`);
    const [xmin, ymin, xmax, ymax] = box;
    group.annotations.push({
      instance: group.annotations.length,
      box: [xmin / width, ymin / height, xmax / width, ymax / height],
      isDifficult,
    });
  }
  return { groups: [...groups.values()], warnings };
}

/** What is strange about a box; it is written as it is, as SSD's tool does. */
function problemOf(
  [xmin, ymin, xmax, ymax]: AnnotatedObject["box"],
  height: number,
  width: number,
): string | undefined {
  if (xmin > xmax || ymin > ymax) return "ends before it begins";
  if (xmin === xmax || ymin === ymax) return "has no area";
  const isOutside = xmin < 0 || ymin < 0 || xmax > width || ymax > height;
  return isOutside ? `exceeds the image of ${height}×${width}` : undefined;
}
