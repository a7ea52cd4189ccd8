import type { FloatArray } from "../../util/arrays.ts";
import { Random } from "../../util/random.ts";
import { shuffled } from "../../util/shuffled.ts";
import { readBytes } from "../files/read-file.ts";
import { ImageDecoder } from "../images/decode.ts";
import { type Distortion, distorted } from "../images/distortion.ts";
import { pathWithin } from "../lists/image-list.ts";
import { type ObjectFile, objectsOf, regionsOf } from "../lists/object-file.ts";
import {
  ANCHOR_LABELS,
  type AnchorMap,
  type AnchorRules,
  labelAnchors,
  mapLength,
} from "./anchor-labels.ts";
import { ListOrder, type OrderedPlan } from "./list-order.ts";
import { type BatchLoader, type Place, recordNumber } from "./loader.ts";
import {
  flipped,
  type Placed,
  placed,
  resized,
  type Scene,
  type Size,
  type Zoom,
} from "./object-view.ts";
import { aboutRecord, checkShape } from "./record-error.ts";
import type { SharedFiles } from "./shared-files.ts";

/** A shorter and a longer side. */
export interface Sides {
  readonly short: number;
  readonly long: number;
}

/** Sides of inputs are multiples of it where they follow the image's. */
const GRID = 32;

/** Images with objects in them, and labels of anchors. */
export interface ObjectsPlan extends OrderedPlan {
  readonly kind: "objects";
  readonly file: ObjectFile;
  /** Paths start here, with `rootFolder` before them. */
  readonly base: string;
  readonly rootFolder: string;
  /** The numbers of images, some more than once. */
  readonly entries: Int32Array;
  /** How a shuffled pass comes: in any order, all high images and all wide ones, or groups of these by turns. */
  readonly grouping: "none" | "aspect" | "mixed";
  readonly groupSize: number;
  /** Every image is brought to that size, by that factor, or so that its shorter side is that long. */
  readonly resize: Size | number | Sides | undefined;
  /** The input's size: as given, with its longer side where the batch's first image has it, or that of the image. */
  readonly input: Size | Sides | undefined;
  /** Whether sides are brought to multiples of 32 then. */
  readonly isInputOnGrid: boolean;
  /** Factors of shorter and longer sides; one is drawn for each batch. */
  readonly ratios: readonly number[];
  readonly zoom: Zoom | undefined;
  readonly mirror: boolean;
  /** Random changes of colours. */
  readonly distortion: Distortion | undefined;
  /** None, or one for each channel. */
  readonly meanValues: readonly number[];
  readonly scale: number;
  readonly maps: readonly AnchorMap[];
  readonly rules: AnchorRules;
  /** Objects that are smaller are ignored. */
  readonly minWidth: number;
  readonly minHeight: number;
  /** Whether the last top is the objects, and what it is where there is none. */
  readonly objectRow: readonly number[] | undefined;
  /** Whether rows end with whether an object is difficult. */
  readonly hasDifficult: boolean;
  readonly cache?: SharedFiles | undefined;
}

/** Makes batches of images with objects, pass after pass. */
export class ObjectsLoader implements BatchLoader {
  readonly #plan: ObjectsPlan;
  readonly #order: ListOrder;
  readonly #reader: SceneReader;

  constructor(plan: ObjectsPlan) {
    this.#plan = plan;
    this.#order = objectsOrder(plan);
    this.#reader = new SceneReader(plan);
  }

  async load(batch: number, place: Place): Promise<boolean> {
    const { batchSize, file, seed, stream, ratios, entries, maps } = this.#plan;
    const first = recordNumber(this.#plan, batch, 0);
    const ofBatch = new Random(seed, stream, "ratio", first % 2 ** 32);
    const ratio = ratios[ofBatch.below(Math.max(ratios.length, 1))] ?? 1;
    const rows: number[][] = [];
    let position = first;
    let tops: ObjectTops | undefined;
    for (let i = 0; i < batchSize; i++) {
      position = recordNumber(this.#plan, batch, i);
      const index = entries[this.#order.at(position)] ?? 0;
      const random = new Random(seed, stream, position % 2 ** 32);
      try {
        const read = await this.#reader.read(index);
        const { distortion } = this.#plan;
        const coloured = distortion
          ? { ...read, image: distorted(distortion, read.image, random) }
          : read;
        const seen = this.#plan.mirror && random.below(2) === 1 ? flipped(coloured) : coloured;
        const scene = resized(seen, this.#sizeOf(seen, ratio));
        tops ??= new ObjectTops(place, batchSize, file.channels, this.#inputOf(scene, ratio), maps);
        const view = placed(scene, tops.size, this.#plan.zoom, random);
        this.#ignoreSmall(view.scene, tops.size);
        writeImage(view, tops.data, i * tops.step, tops.size, this.#plan);
        const { objects, regions } = view.scene;
        labelAnchors(tops.mapsOf(i), objects, regions, view, this.#plan.rules);
        rows.push(...objectRows(i, view.scene, this.#plan.hasDifficult));
      } catch (error) {
        throw aboutRecord(error, imageName(file, index));
      }
    }
    if (this.#plan.objectRow) writeRows(rows, this.#plan.objectRow, place, 1 + maps.length);
    return this.#order.beginsIn(first, position);
  }

  close(): void {}

  #sizeOf({ image }: Scene, ratio: number): Size {
    const { resize } = this.#plan;
    const { height, width } = image;
    if (resize === undefined) return [height, width];
    if (typeof resize === "number")
      return [Math.round(height * resize), Math.round(width * resize)];
    if (!("short" in resize)) return resize;
    const factor = onGrid(resize.short * ratio) / Math.min(height, width);
    return [Math.round(height * factor), Math.round(width * factor)];
  }

  #inputOf({ image }: Scene, ratio: number): Size {
    const { input, isInputOnGrid } = this.#plan;
    if (input === undefined) return [image.height, image.width];
    if (!("short" in input)) return input;
    const side = (length: number): number => (isInputOnGrid ? onGrid(length * ratio) : length);
    const [short, long] = [side(input.short), side(input.long)];
    return image.height >= image.width ? [long, short] : [short, long];
  }

  #ignoreSmall({ objects }: Scene, [height, width]: Size): void {
    const { minWidth, minHeight } = this.#plan;
    for (const object of objects) {
      const [x, y] = [(object.x1 + object.x2) / 2, (object.y1 + object.y2) / 2];
      const isOut = x < 0 || x >= width || y < 0 || y >= height;
      const isSmall = object.x2 - object.x1 + 1 < minWidth || object.y2 - object.y1 + 1 < minHeight;
      if (isOut || isSmall) object.isIgnored = true;
    }
  }
}

/** Images with objects in them, as they are but for their size. */
export interface EvalPlan extends OrderedPlan {
  readonly kind: "evaluation";
  readonly file: ObjectFile;
  readonly base: string;
  readonly rootFolder: string;
  /** Every image is brought to that size, or so that its shorter side is that long, and none longer than the other. */
  readonly resize: Size | Sides | undefined;
  readonly meanValues: readonly number[];
  readonly scale: number;
  /** Whether there is a third top, of the images' heights and widths. */
  readonly hasSizes: boolean;
  readonly cache?: undefined;
}

/** The row of a batch without objects. */
export const NO_OBJECT: readonly number[] = new Array(8).fill(-1);

/** Makes batches of images as a detector is tested on them, round and round. */
export class EvalLoader implements BatchLoader {
  readonly #plan: EvalPlan;
  readonly #order: ListOrder;
  readonly #reader: SceneReader;

  constructor(plan: EvalPlan) {
    this.#plan = plan;
    this.#order = new ListOrder(plan, plan.file.images.length);
    this.#reader = new SceneReader(plan);
  }

  async load(batch: number, place: Place): Promise<boolean> {
    const { batchSize, file, hasSizes } = this.#plan;
    const sizes = hasSizes ? place(2, [batchSize, 2, 1, 1]) : undefined;
    const rows: number[][] = [];
    const first = recordNumber(this.#plan, batch, 0);
    let position = first;
    let tops: ObjectTops | undefined;
    for (let i = 0; i < batchSize; i++) {
      position = recordNumber(this.#plan, batch, i);
      const index = this.#order.at(position);
      try {
        const read = await this.#reader.read(index);
        const size = this.#sizeOf(read);
        const scene = resized(read, size);
        tops ??= new ObjectTops(place, batchSize, file.channels, size, []);
        checkShape(size, tops.size);
        const whole = { left: 0, top: 0, fromLeft: 0, fromTop: 0, height: size[0], width: size[1] };
        writeImage({ scene, ...whole }, tops.data, i * tops.step, size, this.#plan);
        sizes?.set(size, 2 * i);
        rows.push(...objectRows(i, scene, true));
      } catch (error) {
        throw aboutRecord(error, imageName(file, index));
      }
    }
    writeRows(rows, NO_OBJECT, place, 1);
    return this.#order.beginsIn(first, position);
  }

  close(): void {}

  #sizeOf({ image: { height, width } }: Scene): Size {
    const { resize } = this.#plan;
    let size: Size = [height, width];
    if (resize && "short" in resize) {
      const factor = resize.short / Math.min(height, width);
      const side = (length: number): number => Math.min(Math.round(length * factor), resize.long);
      size = [side(height), side(width)];
    } else if (resize) size = resize;
    return [onGrid(size[0]), onGrid(size[1])];
  }
}

/** The image that record number `position` of a plan is, as messages name it. */
export function objectsImage(plan: ObjectsPlan | EvalPlan, position: number): string {
  const index =
    plan.kind === "objects"
      ? (plan.entries[objectsOrder(plan).at(position)] ?? 0)
      : new ListOrder(plan, plan.file.images.length).at(position);
  return imageName(plan.file, index);
}

function objectsOrder(plan: ObjectsPlan): ListOrder {
  const { grouping, seed, stream, entries } = plan;
  if (grouping === "none") return new ListOrder(plan, entries.length);
  return new ListOrder(plan, entries.length, (pass) => {
    const order = [...shuffled(entries.length, seed, stream, "order", pass)];
    const isHigh = (entry: number): boolean => {
      const [height = 0, width = 0] = plan.file.sizes.subarray(2 * (entries[entry] ?? 0));
      return height >= width;
    };
    const groups = [order.filter(isHigh), order.filter((entry) => !isHigh(entry))];
    if (new Random(seed, stream, "first", pass).below(2) === 1) groups.reverse();
    return Uint32Array.from(
      grouping === "aspect" ? groups.flat() : byTurns(groups, plan.groupSize),
    );
  });
}

/** So many of each by turns, and what is left of one when the other has ended. */
function byTurns([a = [], b = []]: readonly (readonly number[])[], size: number): number[] {
  const mixed: number[] = [];
  const taken = [0, 0];
  const next = (): 0 | 1 => (Math.floor(mixed.length / size) % 2 === 0 ? 0 : 1);
  while ((taken[0] ?? 0) < a.length && (taken[1] ?? 0) < b.length) {
    const turn = next();
    mixed.push((turn === 0 ? a : b)[taken[turn] ?? 0] ?? 0);
    taken[turn] = (taken[turn] ?? 0) + 1;
  }
  return [...mixed, ...a.slice(taken[0]), ...b.slice(taken[1])];
}

/** An image of a window file as messages name it. */
function imageName({ source, images }: ObjectFile, index: number): string {
  return `${source}: image ${index}, ${images[index] ?? ""}`;
}

function onGrid(length: number): number {
  return Math.max(Math.round(length / GRID), 1) * GRID;
}

/** Reads images of a window file, and what it says of them. */
class SceneReader {
  readonly #plan: Pick<ObjectsPlan, "file" | "base" | "rootFolder" | "cache">;
  readonly #decoder = new ImageDecoder();

  constructor(plan: Pick<ObjectsPlan, "file" | "base" | "rootFolder" | "cache">) {
    this.#plan = plan;
  }

  async read(index: number): Promise<Scene> {
    const { file, base, rootFolder, cache } = this.#plan;
    const path = pathWithin(base, rootFolder, file.images[index] ?? "");
    const bytes = cache
      ? cache.bytes.slice(cache.starts[index], cache.starts[index + 1])
      : readBytes(path, "image");
    const image = await this.#decoder.decode(bytes, file.channels === 1 ? "gray" : "color", path);
    return { image, objects: objectsOf(file, index), regions: regionsOf(file, index) };
  }
}

/** The memory of a batch, all 0. */
class ObjectTops {
  readonly size: Size;
  readonly data: FloatArray;
  /** Numbers of an image. */
  readonly step: number;
  readonly #maps: readonly { map: AnchorMap; height: number; width: number; out: FloatArray }[];

  constructor(
    place: Place,
    batch: number,
    channels: number,
    size: Size,
    maps: readonly AnchorMap[],
  ) {
    this.size = size;
    this.data = place(0, [batch, channels, ...size]).fill(0);
    this.step = channels * size[0] * size[1];
    this.#maps = maps.map((map, i) => {
      const [height, width] = [mapLength(size[0], map.stride), mapLength(size[1], map.stride)];
      const out = place(1 + i, [batch, ANCHOR_LABELS, height, width]).fill(0);
      return { map, height, width, out };
    });
  }

  mapsOf(i: number): { map: AnchorMap; height: number; width: number; out: FloatArray }[] {
    return this.#maps.map((one) => {
      const count = ANCHOR_LABELS * one.height * one.width;
      return { ...one, out: one.out.subarray(i * count, (i + 1) * count) };
    });
  }
}

function writeImage(
  { scene: { image }, left, top, width, height, fromLeft, fromTop }: Placed,
  out: FloatArray,
  start: number,
  [rows, columns]: Size,
  { meanValues, scale }: { readonly meanValues: readonly number[]; readonly scale: number },
): void {
  for (let c = 0; c < image.channels; c++) {
    const mean = meanValues[meanValues.length > 1 ? c : 0] ?? 0;
    for (let y = 0; y < height; y++) {
      let from =
        image.offset +
        c * image.channelStep +
        (fromTop + y) * image.rowStep +
        fromLeft * image.columnStep;
      let to = start + (c * rows + top + y) * columns + left;
      for (const end = to + width; to < end; to++, from += image.columnStep) {
        out[to] = ((image.data[from] ?? 0) - mean) * scale;
      }
    }
  }
}

/** [image, x1, y1, x2, y2, class, ignored] of each object, and whether it is difficult. */
function objectRows(image: number, { objects }: Scene, hasDifficult: boolean): number[][] {
  return objects.map(({ x1, y1, x2, y2, label, isIgnored, isDifficult }) => {
    const row = [image, x1, y1, x2, y2, label, Number(isIgnored)];
    return hasDifficult ? [...row, Number(isDifficult)] : row;
  });
}

function writeRows(
  rows: readonly (readonly number[])[],
  none: readonly number[],
  place: Place,
  top: number,
): void {
  const written = rows.length > 0 ? rows : [none];
  place(top, [written.length, none.length, 1, 1]).set(written.flat());
}
