import type { FloatArray } from "../../util/arrays.ts";
import { FormatError } from "../../util/errors.ts";
import type { Random } from "../../util/random.ts";
import type { Db } from "../db/db.ts";
import { DataTransformer } from "../images/data-transformer.ts";
import { datumShape, pixelsOf } from "../images/datum-image.ts";
import { ImageDecoder } from "../images/decode.ts";
import type { ColorMode } from "../images/image.ts";
import type { Cut } from "../images/native-transform.ts";
import type { Raster } from "../images/raster.ts";
import { resizeLinear } from "../images/resize.ts";
import { decodeAnnotatedDatum } from "../proto/annotated-datum.ts";
import { type Datum, decodeDatum, isAnnotated } from "../proto/datum.ts";
import { ImageBatches, type ImageFilling, type ImagesPlan, whenDecoded } from "./image-batches.ts";
import type { Place } from "./loader.ts";
import { peekRecord, RecordLoader, type RecordPlan } from "./record-loader.ts";

/** Images with boxes, told by the cells of grids, from a database. */
export interface GridPlan extends RecordPlan, ImagesPlan {
  readonly kind: "grid";
  /** What becomes of the colours of encoded images. */
  readonly color: ColorMode;
  /** Cells along a side, of each top behind the first. */
  readonly sides: readonly number[];
}

/** What the first record of a batch tells of it. */
interface GridPeek {
  readonly backend: Db["backend"];
  /** (C, H, W) of what it becomes. */
  readonly shape: readonly [number, number, number];
  readonly isEncoded: boolean;
}

/** An object: its middle and its size in shares of the image. */
interface GridBox {
  readonly label: number;
  readonly difficult: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Numbers of a record for each box: label, difficult, middle, size; and of a cell, which has a flag besides. */
const [BOX_NUMBERS, CELL_NUMBERS] = [6, 7];
/** A part of an image is up to 29 hundredths smaller, and drawn anew until it has an object, so often at most. */
const [SMALLER, TRIALS] = [30, 100];

/** Numbers of a grid's labels for one image. */
export function gridNumbers(side: number): number {
  return side * side * CELL_NUMBERS;
}

/**
 * Looks at the first record that a plan reads.
 * @throws FileError, FormatError where the database cannot be opened, or the record is damaged
 */
export function peekGrid(plan: GridPlan): GridPeek {
  return peekRecord(plan, (value) => {
    const { datum } = recordOf(value);
    const [channels, height, width] = datumShape(datum, plan.color);
    const shape = new DataTransformer(plan.transform).shapeOf({ channels, height, width });
    return { shape, isEncoded: datum.encoded };
  });
}

/** A Datum whose floats are boxes, or an AnnotatedDatum, whose labels count from 1. */
function recordOf(value: Uint8Array): {
  readonly datum: Datum;
  readonly boxes: readonly GridBox[];
} {
  if (isAnnotated(value)) {
    const { datum, groups } = decodeAnnotatedDatum(value, "the record");
    const boxes = groups.flatMap(({ label, annotations }) =>
      annotations.map(({ box: [x0, y0, x1, y1], isDifficult }) => ({
        ...{ label: label - 1, difficult: isDifficult ? 1 : 0 },
        ...{ x: (x0 + x1) / 2, y: (y0 + y1) / 2, width: x1 - x0, height: y1 - y0 },
      })),
    );
    return { datum, boxes: checked(boxes) };
  }
  const datum = decodeDatum(value, "the record");
  const { floatData = new Float32Array(0) } = datum;
  if (floatData.length === 0 || floatData.length % BOX_NUMBERS !== 0 || !datum.encoded) {
    throw new FormatError(
      `it is a Datum ${datum.encoded ? "" : "that is not encoded, "}with ${floatData.length} floats. Expected an image file, and label, difficult, x, y, width and height of each box; or an AnnotatedDatum, as caffe create_annoset writes it.`,
    );
  }
  const boxes: GridBox[] = [];
  for (let at = 0; at < floatData.length; at += BOX_NUMBERS) {
    const [label = 0, difficult = 0, x = 0, y = 0, width = 0, height = 0] = floatData.subarray(at);
    boxes.push({ label, difficult, x, y, width, height });
  }
  return { datum: { ...datum, floatData: undefined }, boxes: checked(boxes) };
}

function checked(boxes: readonly GridBox[]): readonly GridBox[] {
  for (const { label, difficult, x, y, width, height } of boxes) {
    if (!(Number.isInteger(label) && label >= 0)) {
      throw new FormatError(`a box is of class ${label}. Expected a whole number, 0 or more.`);
    }
    const numbers = [difficult, x, y, width, height];
    if (numbers.every(Number.isFinite)) continue;
    throw new FormatError(`a box is ${numbers.slice(1).join(", ")}. Expected finite numbers.`);
  }
  return boxes;
}

/** A batch that is being made. */
interface Filling {
  readonly images: ImageFilling;
  readonly grids: readonly FloatArray[];
}

/** Makes batches of images, and of the objects in the cells of grids. */
export class GridLoader extends RecordLoader<Filling> {
  readonly #plan: GridPlan;
  readonly #images: ImageBatches;
  readonly #decoder = new ImageDecoder();

  constructor(plan: GridPlan) {
    super(plan);
    this.#plan = plan;
    this.#images = new ImageBatches(plan);
  }

  protected begin(batch: number, place: Place): Filling {
    const { batchSize, sides } = this.#plan;
    return {
      images: this.#images.begin(batch, place),
      grids: sides.map((side, i) => place(i + 1, [batchSize, gridNumbers(side)])),
    };
  }

  protected add(value: Uint8Array, filling: Filling, i: number): Promise<void> | undefined {
    const { color, sides, transform } = this.#plan;
    const { datum, boxes } = recordOf(value);
    const isDrawn = transform.phase === "TRAIN" && sides.length > 0;
    const random = this.#images.random(filling.images, i, isDrawn);
    return whenDecoded(pixelsOf(datum, this.#decoder, color), (image) => {
      const seen = isDrawn && random ? partWithObject(image, boxes, random) : { image, boxes };
      const cut = this.#images.write(seen.image, filling.images, i, random);
      const left = afterCut(seen.boxes, seen.image, cut);
      for (const [k, grid] of filling.grids.entries()) {
        const side = sides[k] ?? 0;
        const size = gridNumbers(side);
        writeGrid(left, side, grid.subarray(i * size, (i + 1) * size));
      }
    });
  }

  protected end(): void {
    this.#images.flush();
  }
}

/** A part of an image at the image's size, with the objects whose middle lies in it: one at least, where there are any. */
function partWithObject(
  image: Raster,
  boxes: readonly GridBox[],
  random: Random,
): { readonly image: Raster; readonly boxes: readonly GridBox[] } {
  for (let trial = 0; trial < TRIALS; trial++) {
    const share = 1 - random.below(SMALLER) / 100;
    const width = Math.max(Math.trunc(image.width * share) - 1, 1);
    const height = Math.max(Math.trunc(image.height * share) - 1, 1);
    const left = random.below(image.width - width + 1);
    const top = random.below(image.height - height + 1);
    const part = { left, top, width, height };
    const seen = within(boxes, image, part);
    if (seen.length === 0 && boxes.length > 0) continue;
    const resized = resizeLinear(image, image.height, image.width, part);
    return { image: resized, boxes: seen };
  }
  return { image, boxes };
}

/** Boxes as a part of an image shows them: those whose middle lies in it, which are not cut off. */
function within(
  boxes: readonly GridBox[],
  image: Pick<Raster, "height" | "width">,
  part: Pick<Cut, "left" | "top" | "width" | "height">,
): readonly GridBox[] {
  const [across, down] = [image.width / part.width, image.height / part.height];
  return boxes
    .map((box) => ({
      ...box,
      x: (box.x - part.left / image.width) * across,
      y: (box.y - part.top / image.height) * down,
      width: box.width * across,
      height: box.height * down,
    }))
    .filter(({ x, y }) => x >= 0 && x < 1 && y >= 0 && y < 1);
}

function afterCut(boxes: readonly GridBox[], image: Raster, cut: Cut): readonly GridBox[] {
  const isWhole = cut.width === image.width && cut.height === image.height;
  const seen = isWhole ? boxes : within(boxes, image, cut);
  return cut.isMirrored ? seen.map((box) => ({ ...box, x: 1 - box.x })) : seen;
}

/** Planes of what is difficult, of which cells have an object, of classes (−1 for none), and four numbers for each cell. */
function writeGrid(boxes: readonly GridBox[], side: number, to: FloatArray): void {
  const cells = side * side;
  to.fill(0);
  to.fill(-1, 2 * cells, 3 * cells);
  const along = (share: number): number =>
    Math.min(Math.max(Math.floor(share * side), 0), side - 1);
  for (const { label, difficult, x, y, width, height } of boxes) {
    const cell = along(y) * side + along(x);
    to[cell] = difficult;
    to[cells + cell] = 1;
    to[2 * cells + cell] = label;
    to.set([x, y, width, height], 3 * cells + 4 * cell);
  }
}
