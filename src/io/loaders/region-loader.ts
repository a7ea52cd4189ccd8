import type { FloatArray } from "../../util/arrays.ts";
import { FormatError } from "../../util/errors.ts";
import { countOf, type Shape } from "../../util/shape.ts";
import type { AnnotatedDatum } from "../proto/annotated-datum.ts";
import { AnnotatedLoader, type AnnotatedPlan } from "./annotated-loader.ts";
import type { Place } from "./loader.ts";

/** At which scale R-CNN's nets see an image: its shorter side has so many pixels, its longer at most so many. */
export interface RegionScale {
  readonly side: number;
  readonly most: number;
}

/** Images one by one at R-CNN's scale, with their objects in its pixels. */
export interface RegionPlan extends Omit<AnnotatedPlan, "kind">, RegionScale {
  readonly kind: "regions";
  /** How many classes there are, the background counted. */
  readonly classes: number;
}

/** The numbers of an annotated box: image, label, instance, four edges, difficult. */
const ROW = 8;

/** Height, width and scale of an image of that size as the net sees it. */
export function regionSize(
  height: number,
  width: number,
  { side, most }: RegionScale,
): readonly [height: number, width: number, scale: number] {
  const [short, long] = [Math.min(height, width), Math.max(height, width)];
  const wanted = side / short;
  const scale = Math.round(wanted * long) > most ? most / long : wanted;
  return [Math.round(height * scale), Math.round(width * scale), scale];
}

/**
 * Makes batches of one image each: the image 1×C×H×W, scaled after its means are taken away, as py-faster-rcnn does it; its
 * height, width and scale 1×3; its objects G×5 `[xmin ymin xmax ymax label]` in pixels, without those that are difficult.
 */
export class RegionLoader extends AnnotatedLoader {
  readonly #plan: RegionPlan;

  constructor(plan: RegionPlan) {
    super({ ...plan, kind: "annotated" });
    this.#plan = plan;
  }

  override load(batch: number, place: Place): boolean | Promise<boolean> {
    const made: { readonly shape: Shape; readonly data: FloatArray }[] = [];
    const own: Place = (top, shape) => {
      const data = new Float32Array(countOf(shape));
      made[top] = { shape, data };
      return data;
    };
    const finish = (isAnew: boolean): boolean => {
      const [image, boxes] = made;
      if (image && boxes) this.#finish(image.shape, image.data, boxes.data, place);
      return isAnew;
    };
    const loaded = super.load(batch, own);
    return loaded instanceof Promise ? loaded.then(finish) : finish(loaded);
  }

  #finish(
    [, channels = 3, height = 0, width = 0]: Shape,
    pixels: FloatArray,
    boxes: FloatArray,
    place: Place,
  ): void {
    const [h, w, scale] = regionSize(height, width, this.#plan);
    stretch(pixels, [height, width], place(0, [1, channels, h, w]), [h, w], channels);
    place(1, [1, 3]).set([h, w, scale]);
    const rows = objectsIn(boxes, width * scale, height * scale);
    place(2, [rows.length / 5, 5]).set(rows);
  }

  protected override check(record: AnnotatedDatum): void {
    super.check(record);
    const { classes } = this.#plan;
    for (const { label, annotations } of record.groups) {
      if ((label >= 1 && label < classes) || annotations.every(({ isDifficult }) => isDifficult)) {
        continue;
      }
      throw new FormatError(
        `it has an object of label ${label}. Expected 1 to ${classes - 1}: num_classes is ${classes}.`,
      );
    }
  }
}

/** The objects in pixels of a scaled image, whose last row and column are within a box. */
function objectsIn(boxes: FloatArray, width: number, height: number): readonly number[] {
  const rows: number[] = [];
  for (let at = 0; at < boxes.length; at += ROW) {
    const row = boxes.subarray(at, at + ROW);
    const [image, label = 0, , x0 = 0, y0 = 0, x1 = 0, y1 = 0, difficult] = row;
    if (image === -1 || difficult === 1) continue;
    const [left, upper] = [x0 * width, y0 * height];
    const [right, lower] = [Math.max(left, x1 * width - 1), Math.max(upper, y1 * height - 1)];
    rows.push(left, upper, right, lower, label);
  }
  return rows;
}

/** Images at another size, by bilinear interpolation between pixel centres, as OpenCV's resize. */
function stretch(
  from: FloatArray,
  [height, width]: readonly [number, number],
  to: FloatArray,
  [toHeight, toWidth]: readonly [number, number],
  channels: number,
): void {
  const places = (length: number, wanted: number) =>
    Array.from({ length: wanted }, (_, i) => {
      const at = Math.min(Math.max((i + 0.5) * (length / wanted) - 0.5, 0), length - 1);
      const near = Math.floor(at);
      return { near, far: Math.min(near + 1, length - 1), share: at - near };
    });
  const [rows, columns] = [places(height, toHeight), places(width, toWidth)];
  let at = 0;
  for (let c = 0; c < channels; c++) {
    const plane = c * height * width;
    for (const row of rows) {
      const [upper, lower] = [plane + row.near * width, plane + row.far * width];
      for (const { near, far, share } of columns) {
        const above = (from[upper + near] ?? 0) * (1 - share) + (from[upper + far] ?? 0) * share;
        const below = (from[lower + near] ?? 0) * (1 - share) + (from[lower + far] ?? 0) * share;
        to[at++] = above * (1 - row.share) + below * row.share;
      }
    }
  }
}
