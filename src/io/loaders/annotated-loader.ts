import type { FloatArray } from "../../util/arrays.ts";
import { clipBox } from "../../util/box.ts";
import { FormatError } from "../../util/errors.ts";
import type { Db } from "../db/db.ts";
import { DataTransformer } from "../images/data-transformer.ts";
import { datumShape, pixelsOf } from "../images/datum-image.ts";
import { ImageDecoder } from "../images/decode.ts";
import type { ColorMode } from "../images/image.ts";
import { decodeLabels } from "../images/label-image.ts";
import type { Raster } from "../images/raster.ts";
import { policyRegion } from "../images/resize-policy.ts";
import {
  type AnnotatedDatum,
  type AnnotationGroup,
  BBOX,
  BBOX_AND_MASK,
  decodeAnnotatedDatum,
} from "../proto/annotated-datum.ts";
import { drawPart, type PartSampler, partOf } from "./batch-sampler.ts";
import { boxLabelShape, type LabelForm, writeBoxLabels } from "./box-labels.ts";
import { ImageBatches, type ImageFilling, type ImagesPlan, whenDecoded } from "./image-batches.ts";
import type { Place } from "./loader.ts";
import { cutRegion, type MaskForm, maskShape, type View, viewOf, writeMask } from "./masks.ts";
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
  /** How masks are told; undefined where there is no third top. */
  readonly masks: MaskForm | undefined;
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
  /** Undefined where there is no third top. */
  readonly maskShape: readonly number[] | undefined;
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
    const { masks, batchSize } = plan;
    const masked = masks && maskShape(masks, batchSize, [shape[1], shape[2]]);
    return { shape, labelShape, maskShape: masked, hasBoxes, isEncoded: datum.encoded };
  });
}

/** A batch that is being made. */
interface Filling {
  readonly images: ImageFilling;
  /** The objects of each sample. */
  readonly objects: (readonly AnnotationGroup[])[];
  /** The label of each sample, where records have no boxes. */
  readonly labels: number[];
  readonly place: Place;
  /** Memory of the masks, once the first image has told their shape. */
  masks?: { readonly data: FloatArray; readonly shape: ReturnType<typeof maskShape> };
}

/** Makes batches of images and their boxes. */
export class AnnotatedLoader extends RecordLoader<Filling> {
  readonly #plan: AnnotatedPlan;
  readonly #images: ImageBatches;
  /** One each: a decoder's raster holds until its next. */
  readonly #decoders = { image: new ImageDecoder(), mask: new ImageDecoder() };
  readonly #knownLabels: ReadonlySet<number> | undefined;

  constructor(plan: AnnotatedPlan) {
    super(plan);
    this.#plan = plan;
    this.#images = new ImageBatches(plan);
    this.#knownLabels = plan.knownLabels && new Set(plan.knownLabels);
  }

  protected override begin(batch: number, place: Place): Filling {
    return { images: this.#images.begin(batch, place), objects: [], labels: [], place };
  }

  protected override add(
    value: Uint8Array,
    filling: Filling,
    i: number,
  ): Promise<void> | undefined {
    const { datum, type, groups } = decodeAnnotatedDatum(value, "the record");
    this.check({ datum, type, groups });
    filling.labels[i] = datum.label;
    return whenDecoded(pixelsOf(datum, this.#decoders.image, this.#plan.color), (image) => {
      if (!this.#plan.masks) return this.#put(image, undefined, groups, filling, i);
      const put = (mask: Raster): Promise<void> | undefined =>
        this.#put(image, mask, groups, filling, i);
      return whenDecoded(this.#maskOf(datum.mask, image), put);
    });
  }

  /** @throws FormatError where there is none, or of another size than the image */
  #maskOf(bytes: Uint8Array | undefined, { height, width }: Raster): Raster | Promise<Raster> {
    if (!bytes) {
      throw new FormatError(
        "it has no mask, and the layer has a third top. Expected records of caffe create_annoset with --anno_type=detection_with_segmentation.",
      );
    }
    const checked = (mask: Raster): Raster => {
      if (mask.height === height && mask.width === width) return mask;
      throw new FormatError(
        `its mask is ${mask.height}×${mask.width}. Expected ${height}×${width}, the image's size.`,
      );
    };
    const mask = decodeLabels(bytes, this.#decoders.mask, "its mask");
    return mask instanceof Promise ? mask.then(checked) : checked(mask);
  }

  /** Writes an image, and notes its objects, and writes its mask, as they are seen in what was written. */
  #put(
    image: Raster,
    mask: Raster | undefined,
    groups: readonly AnnotationGroup[],
    filling: Filling,
    i: number,
  ): Promise<void> | undefined {
    const { emit, sampler, transform } = this.#plan;
    const { images, objects } = filling;
    const policy = transform.preparation?.policies[images.policy];
    const random = this.#images.random(images, i, sampler !== undefined);
    let { image: part, region } = this.#images.widen(image, random);
    let seen = part === image ? groups : seenIn(region, groups, emit);
    if (sampler && random) {
      const keepsAspect = policy?.mode === "FIT_LARGE_SIZE_AND_PAD";
      const drawn = drawPart(sampler, seen, keepsAspect, random);
      if (drawn) {
        const shown = partOf(part, drawn);
        part = shown.image;
        region = viewOf(region, shown.region);
        seen = seenIn(clipBox(drawn), seen, emit);
      }
    }
    return this.#images.put(part, images, i, random, (fitted, cut) => {
      objects[i] = afterCut(seen, part, fitted, cut, policy, emit);
      if (!mask) return;
      const sized = policy ? viewOf(region, policyRegion(policy, part)) : region;
      const shown = viewOf(sized, cutRegion(cut, fitted));
      const view = { region: shown, within: region, isMirrored: cut.isMirrored };
      this.#putMask(mask, view, filling, i);
    });
  }

  #putMask(mask: Raster, view: View, filling: Filling, i: number): void {
    const { masks: form, batchSize } = this.#plan;
    const [, height = 0, width = 0] = filling.images.shape ?? [];
    if (!form) return;
    if (!filling.masks) {
      const shape = maskShape(form, batchSize, [height, width]);
      filling.masks = { shape, data: filling.place(2, shape).fill(0) };
    }
    const { data, shape } = filling.masks;
    const [, classes, rows, columns] = shape;
    const step = classes * rows * columns;
    writeMask(form, mask, view, [rows, columns], data.subarray(i * step, (i + 1) * step));
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
    if (hasBoxes && !areBoxes && type !== BBOX && type !== BBOX_AND_MASK) {
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
