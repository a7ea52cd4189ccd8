import { clipBox } from "../../util/box.ts";
import { FormatError } from "../../util/errors.ts";
import type { Db } from "../db/db.ts";
import { DataTransformer } from "../images/data-transformer.ts";
import { datumShape, pixelsOf } from "../images/datum-image.ts";
import { ImageDecoder } from "../images/decode.ts";
import type { ColorMode } from "../images/image.ts";
import type { Raster } from "../images/raster.ts";
import {
  type AnnotatedDatum,
  type AnnotationGroup,
  BBOX,
  decodeAnnotatedDatum,
} from "../proto/annotated-datum.ts";
import { drawPart, type PartSampler, partOf } from "./batch-sampler.ts";
import { boxLabelShape, type LabelForm, writeBoxLabels } from "./box-labels.ts";
import { ImageBatches, type ImageFilling, type ImagesPlan, whenDecoded } from "./image-batches.ts";
import type { Place } from "./loader.ts";
import { afterCut, type EmitConstraint, seenIn } from "./moved-boxes.ts";
import { peekRecord, RecordLoader, type RecordPlan } from "./record-loader.ts";

/** Images with boxes, from a database. */
export interface AnnotatedPlan extends RecordPlan, ImagesPlan {
  readonly kind: "annotated";
  /** What becomes of the colours of encoded images. */
  readonly color: ColorMode;
  /** How boxes are told; undefined where there is one top. */
  readonly labels: LabelForm | undefined;
  /** The labels that a label map names; undefined where there is none to hold them against. */
  readonly knownLabels: readonly number[] | undefined;
  /** Which boxes stay when a part of an image is seen; undefined for all that are seen at all. */
  readonly emit: EmitConstraint | undefined;
  /** Draws the part of an image that is used; undefined where all of it is. */
  readonly sampler: PartSampler | undefined;
  /** Records are taken for boxes whatever type they say. */
  readonly areBoxes: boolean;
  /** Whether records have boxes; else they have one label each. */
  readonly hasBoxes: boolean;
}

/** What the first record of a batch tells of it. */
interface AnnotatedPeek {
  readonly backend: Db["backend"];
  /** (C, H, W) of what it becomes. */
  readonly shape: readonly [number, number, number];
  readonly labelShape: readonly number[];
  /** Whether records have boxes; else they have one label each. */
  readonly hasBoxes: boolean;
  readonly isEncoded: boolean;
}

/**
 * Looks at the first record that a plan reads.
 * @throws FileError, FormatError where the database cannot be opened, or the record is damaged or a Datum
 */
export function peekAnnotated(plan: Omit<AnnotatedPlan, "hasBoxes">): AnnotatedPeek {
  return peekRecord(plan, (value) => {
    const { datum, type, groups } = decodeAnnotatedDatum(value, "the record");
    const [channels, height, width] = datumShape(datum, plan.color);
    const shape = new DataTransformer(plan.transform).shapeOf({ channels, height, width });
    const hasBoxes = plan.areBoxes || type !== undefined;
    const labelShape =
      hasBoxes && plan.labels
        ? boxLabelShape(plan.labels, plan.batchSize, [groups])
        : [plan.batchSize];
    return { shape, labelShape, hasBoxes, isEncoded: datum.encoded };
  });
}

/** A batch that is being made. */
interface Filling {
  readonly images: ImageFilling;
  /** The objects of each sample. */
  readonly objects: (readonly AnnotationGroup[])[];
  /** The label of each sample, where records have no boxes. */
  readonly labels: number[];
}

/** Makes batches of images and their boxes. */
export class AnnotatedLoader extends RecordLoader<Filling> {
  readonly #plan: AnnotatedPlan;
  readonly #images: ImageBatches;
  readonly #decoder = new ImageDecoder();
  readonly #knownLabels: ReadonlySet<number> | undefined;

  constructor(plan: AnnotatedPlan) {
    super(plan);
    this.#plan = plan;
    this.#images = new ImageBatches(plan);
    this.#knownLabels = plan.knownLabels && new Set(plan.knownLabels);
  }

  protected override begin(batch: number, place: Place): Filling {
    return { images: this.#images.begin(batch, place), objects: [], labels: [] };
  }

  protected override add(
    value: Uint8Array,
    { images, objects, labels }: Filling,
    i: number,
  ): Promise<void> | undefined {
    const record = decodeAnnotatedDatum(value, "the record");
    this.check(record);
    labels[i] = record.datum.label;
    return whenDecoded(pixelsOf(record.datum, this.#decoder, this.#plan.color), (image) =>
      this.#put(image, record.groups, { images, objects, labels }, i),
    );
  }

  /** Writes an image, and notes its objects as they are seen in what was written. */
  #put(
    image: Raster,
    groups: readonly AnnotationGroup[],
    { images, objects }: Filling,
    i: number,
  ): Promise<void> | undefined {
    const { emit, sampler, transform } = this.#plan;
    const policy = transform.preparation?.policies[images.policy];
    const random = this.#images.random(images, i, sampler !== undefined);
    const wide = this.#images.widen(image, random);
    let [part, seen] = [wide.image, groups];
    if (wide.image !== image) seen = seenIn(wide.region, seen, emit);
    if (sampler && random) {
      const keepsAspect = policy?.mode === "FIT_LARGE_SIZE_AND_PAD";
      const region = drawPart(sampler, seen, keepsAspect, random);
      if (region) {
        part = partOf(part, region);
        seen = seenIn(clipBox(region), seen, emit);
      }
    }
    return this.#images.put(part, images, i, random, (fitted, cut) => {
      objects[i] = afterCut(seen, part, fitted, cut, policy, emit);
    });
  }

  protected override end({ images, objects, labels }: Filling): void {
    this.#images.flush();
    const { labels: form, batchSize, hasBoxes } = this.#plan;
    if (!form) return;
    if (!hasBoxes) images.place(1, [batchSize]).set(labels);
    else {
      const top = images.place(1, boxLabelShape(form, batchSize, objects));
      writeBoxLabels(form, objects, top);
    }
  }

  /** @throws FormatError where a record is no such as the plan wants */
  protected check({ type, groups }: AnnotatedDatum): void {
    const { labels, hasBoxes, areBoxes } = this.#plan;
    if (!labels) return;
    if (hasBoxes && !areBoxes && type !== BBOX) {
      throw new FormatError(
        `it ${type === undefined ? "has no type of annotation" : `is annotated as type ${type}`}, and the first record has boxes. Expected all to have boxes.`,
      );
    }
    for (const { label, annotations } of groups) {
      if (this.#knownLabels && !this.#knownLabels.has(label)) {
        throw new FormatError(
          `an object is labelled ${label}, which label_map_file does not name. Expected one of its labels.`,
        );
      }
      for (const { box } of annotations) {
        if (!box.every(Number.isFinite)) {
          throw new FormatError(
            `an object's box is ${box.join(", ")}. Expected finite xmin, ymin, xmax, ymax.`,
          );
        }
      }
    }
  }
}
