import type { FloatArray } from "../../util/arrays.ts";
import { FormatError } from "../../util/errors.ts";
import { Random } from "../../util/random.ts";
import { readBytes } from "../files/read-file.ts";
import { decodedShape, ImageDecoder } from "../images/decode.ts";
import { imageHeader } from "../images/header.ts";
import { decodeLabels } from "../images/label-image.ts";
import { copyPlane, cropped, mirrored, padded, planar, type Raster } from "../images/raster.ts";
import { resizeLinear, resizeNearest } from "../images/resize.ts";
import { pathWithin } from "../lists/image-list.ts";
import { type LineList, lineAt, lineName } from "../lists/line-list.ts";
import { ImageBatches, type ImagesPlan } from "./image-batches.ts";
import { ListOrder, type OrderedPlan } from "./list-order.ts";
import { type BatchLoader, type Place, recordNumber } from "./loader.ts";
import { aboutRecord, checkShape } from "./record-error.ts";

/** Images, and beside each the classes of its pixels. `transform` neither crops nor mirrors. */
export interface SegmentationPlan extends ImagesPlan, OrderedPlan {
  readonly kind: "segmentation";
  /** Lines of a path and, but for labels "none", another path or a number. */
  readonly list: LineList;
  /** Paths start here, with these folders before those of images and of labels. */
  readonly base: string;
  readonly imageFolder: string;
  readonly labelFolder: string;
  /** A label image, one class for all pixels, or none: all pixels are of `ignoreLabel` then. */
  readonly labels: "image" | "class" | "none";
  /** The class of pixels that a crop has beyond an image. */
  readonly ignoreLabel: number;
  readonly isColor: boolean;
  /** Every image is brought to this size; 0 by 0 for its own. */
  readonly newHeight: number;
  readonly newWidth: number;
  /** How label images are brought to it. */
  readonly labelResize: "nearest" | "linear";
  /** Label images are smaller than `newHeight` by `newWidth` by this factor. */
  readonly labelDivisor: number;
  /** What is cut out, of the image and its labels alike; 0 by 0 for the whole. Smaller images are padded. */
  readonly cropHeight: number;
  readonly cropWidth: number;
  readonly mirror: boolean;
  /** In TRAIN an image is seen at a size drawn of these, 1 being its own. */
  readonly scaleFactors: readonly number[];
  /** Whether there is a third top, of the images' heights and widths. */
  readonly hasSizes: boolean;
}

/** An image, the classes of its pixels, and the size at which it was read. */
interface Pair {
  readonly image: Raster;
  readonly label: Raster;
  readonly size: readonly [height: number, width: number];
}

/**
 * Shapes of the first two tops as the first line of a plan has them.
 * @throws FileError, FormatError where it cannot be read, or its label image is of another size
 */
export function peekSegmentation(
  plan: SegmentationPlan,
): readonly [image: readonly number[], label: readonly number[]] {
  const { batchSize, cropHeight, cropWidth, newHeight, newWidth, isColor, labelDivisor } = plan;
  const channels = isColor ? 3 : 1;
  if (cropHeight > 0) return shapes(batchSize, channels, [cropHeight, cropWidth], 1);
  if (newHeight > 0) return shapes(batchSize, channels, [newHeight, newWidth], labelDivisor);
  const listed = lineAt(plan.list, orderOf(plan).at(recordNumber(plan, 0, 0)));
  try {
    const path = pathWithin(plan.base, plan.imageFolder, listed.words[0] ?? "");
    const header = imageHeader(readBytes(path, "image"), path);
    const [, height, width] = decodedShape(header, isColor ? "color" : "gray");
    return shapes(batchSize, channels, [height, width], 1);
  } catch (error) {
    throw aboutRecord(error, lineName(plan.list, listed));
  }
}

function shapes(
  batch: number,
  channels: number,
  [height, width]: readonly [number, number],
  divisor: number,
): readonly [readonly number[], readonly number[]] {
  const label = [Math.floor(height / divisor), Math.floor(width / divisor)];
  return [
    [batch, channels, height, width],
    [batch, 1, ...label],
  ];
}

/** The line that record number `position` of a plan is read from, as messages name it. */
export function segmentationLine(plan: SegmentationPlan, position: number): string {
  return lineName(plan.list, lineAt(plan.list, orderOf(plan).at(position)));
}

function orderOf(plan: SegmentationPlan): ListOrder {
  return new ListOrder(plan, plan.list.starts.length);
}

/** Makes batches of a list's images and their labels, pass after pass. */
export class SegmentationLoader implements BatchLoader {
  readonly #plan: SegmentationPlan;
  readonly #order: ListOrder;
  readonly #images: ImageBatches;
  /** One each: a decoder's raster holds until its next. */
  readonly #decoders = { image: new ImageDecoder(), label: new ImageDecoder() };

  constructor(plan: SegmentationPlan) {
    this.#plan = plan;
    this.#order = orderOf(plan);
    this.#images = new ImageBatches(plan);
  }

  async load(batch: number, place: Place): Promise<boolean> {
    const { batchSize, list, seed, stream, hasSizes } = this.#plan;
    const first = recordNumber(this.#plan, batch, 0);
    const sizes = hasSizes ? place(2, [batchSize, 1, 1, 2]) : undefined;
    const filling = this.#images.begin(batch, place);
    let labels: { data: FloatArray; size: readonly number[] } | undefined;
    let position = first;
    for (let i = 0; i < batchSize; i++) {
      position = recordNumber(this.#plan, batch, i);
      const listed = lineAt(list, this.#order.at(position));
      const random = new Random(seed, stream, position % 2 ** 32);
      try {
        const { image, label, size } = this.#arranged(await this.#read(listed.words), random);
        this.#images.write(image, filling, i, random);
        const own = sizeOf(label);
        labels ??= { data: place(1, [batchSize, ...own]), size: own };
        checkShape(own, labels.size);
        copyPlane(label, 0, labels.data, i * label.height * label.width);
        // At most what the net gets of it.
        sizes?.set([Math.min(size[0], image.height), Math.min(size[1], image.width)], 2 * i);
      } catch (error) {
        throw aboutRecord(error, lineName(list, listed));
      }
    }
    this.#images.flush();
    return this.#order.beginsIn(first, position);
  }

  close(): void {}

  async #read([path = "", label = ""]: readonly string[]): Promise<Pair> {
    const { base, imageFolder, labelFolder, isColor, newHeight, newWidth } = this.#plan;
    const { labels, labelResize, labelDivisor, ignoreLabel } = this.#plan;
    const file = pathWithin(base, imageFolder, path);
    const mode = isColor ? "color" : "gray";
    const stored = await this.#decoders.image.decode(readBytes(file, "image"), mode, file);
    const image = newHeight > 0 ? resizeLinear(stored, newHeight, newWidth) : stored;
    const size = [image.height, image.width] as const;
    if (labels !== "image") {
      const value = labels === "class" ? byte(Number(label)) : byte(ignoreLabel);
      const data = new Uint8Array(size[0] * size[1]).fill(value);
      return { image, label: planar(data, 1, ...size), size };
    }
    const labelFile = pathWithin(base, labelFolder, label);
    const bytes = readBytes(labelFile, "label image");
    const own = await decodeLabels(bytes, this.#decoders.label, labelFile);
    const resize = labelResize === "nearest" ? resizeNearest : resizeLinear;
    const [height, width] = size.map((length) => Math.floor(length / labelDivisor)) as [
      number,
      number,
    ];
    const classes = newHeight > 0 ? resize(own, height, width) : own;
    if (classes.height !== height || classes.width !== width) {
      throw new FormatError(
        `its label image ${label} is ${classes.height}×${classes.width}. Expected ${height}×${width}: ${path} is ${size.join("×")}${labelDivisor > 1 ? `, and label_divide_factor ${labelDivisor}` : ""}.`,
      );
    }
    return { image, label: classes, size };
  }

  /** Both as the net gets them: scale, place and mirroring are drawn in this order. */
  #arranged({ image, label, size }: Pair, random: Random): Pair {
    const { cropHeight, cropWidth, mirror, scaleFactors, transform, ignoreLabel } = this.#plan;
    const isTraining = transform.phase === "TRAIN";
    const factor =
      isTraining && scaleFactors.length > 0
        ? (scaleFactors[random.below(scaleFactors.length)] ?? 1)
        : 1;
    let [pixels, classes] = [
      scaled(image, factor, resizeLinear),
      scaled(label, factor, resizeNearest),
    ];
    if (cropHeight > 0) {
      pixels = padded(pixels, cropHeight, cropWidth, transform.meanValues);
      classes = padded(classes, cropHeight, cropWidth, [byte(ignoreLabel)]);
      const [rows, columns] = [pixels.height - cropHeight, pixels.width - cropWidth];
      const top = isTraining ? random.below(rows + 1) : rows >> 1;
      const left = isTraining ? random.below(columns + 1) : columns >> 1;
      pixels = cropped(pixels, top, left, cropHeight, cropWidth);
      classes = cropped(classes, top, left, cropHeight, cropWidth);
    }
    if (!mirror || random.below(2) === 0) return { image: pixels, label: classes, size };
    return { image: mirrored(pixels), label: mirrored(classes), size };
  }
}

/** What a pixel of a label image, a byte, holds of a class. */
function byte(label: number): number {
  return Math.min(Math.max(label, 0), 255);
}

function scaled(
  raster: Raster,
  factor: number,
  resize: (from: Raster, height: number, width: number) => Raster,
): Raster {
  if (factor === 1) return raster;
  const at = (length: number): number => Math.max(Math.trunc(Math.fround(length * factor)), 1);
  return resize(raster, at(raster.height), at(raster.width));
}

function sizeOf({ channels, height, width }: Raster): readonly number[] {
  return [channels, height, width];
}
