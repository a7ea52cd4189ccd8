import type { FloatArray } from "../../util/arrays.ts";
import { FormatError } from "../../util/errors.ts";
import type { Db } from "../db/db.ts";
import { DataTransformer } from "../images/data-transformer.ts";
import { datumShape, pixelsOf } from "../images/datum-image.ts";
import { ImageDecoder } from "../images/decode.ts";
import type { ColorMode } from "../images/image.ts";
import { decodeMtcnnDatum } from "../proto/mtcnn-datum.ts";
import { ImageBatches, type ImageFilling, type ImagesPlan, whenDecoded } from "./image-batches.ts";
import type { Place } from "./loader.ts";
import { peekRecord, RecordLoader, type RecordPlan } from "./record-loader.ts";

/** Images with a label, a box and points each, from a database. */
export interface MtcnnPlan extends RecordPlan, ImagesPlan {
  readonly kind: "mtcnn";
  /** What becomes of the colours of encoded images. */
  readonly color: ColorMode;
  /** Numbers of a record's points; 0 where there is no top of them. */
  readonly points: number;
}

/** What the first record of a batch tells of it. */
interface MtcnnPeek {
  readonly backend: Db["backend"];
  /** (C, H, W) of what it becomes. */
  readonly shape: readonly [number, number, number];
  readonly points: number;
  readonly isEncoded: boolean;
}

/**
 * Looks at the first record that a plan reads.
 * @throws FileError, FormatError where the database cannot be opened, or the record is damaged or a Datum
 */
export function peekMtcnn(plan: Omit<MtcnnPlan, "points">): MtcnnPeek {
  return peekRecord(plan, (value) => {
    const { datum, points } = decodeMtcnnDatum(value, "the record");
    const [channels, height, width] = datumShape(datum, plan.color);
    const shape = new DataTransformer(plan.transform).shapeOf({ channels, height, width });
    return { shape, points: points.length, isEncoded: datum.encoded };
  });
}

/** A batch that is being made. */
interface Filling {
  readonly images: ImageFilling;
  readonly labels: FloatArray;
  readonly boxes: FloatArray;
  readonly points: FloatArray | undefined;
}

/** Makes batches of images, labels, boxes and points. */
export class MtcnnLoader extends RecordLoader<Filling> {
  readonly #plan: MtcnnPlan;
  readonly #images: ImageBatches;
  readonly #decoder = new ImageDecoder();

  constructor(plan: MtcnnPlan) {
    super(plan);
    this.#plan = plan;
    this.#images = new ImageBatches(plan);
  }

  protected begin(batch: number, place: Place): Filling {
    const { batchSize, points } = this.#plan;
    return {
      images: this.#images.begin(batch, place),
      labels: place(1, [batchSize, 1]),
      boxes: place(2, [batchSize, 4]),
      points: points > 0 ? place(3, [batchSize, points]) : undefined,
    };
  }

  protected add(value: Uint8Array, filling: Filling, i: number): Promise<void> | undefined {
    const { datum, box, points } = decodeMtcnnDatum(value, "its record");
    const wanted = this.#plan.points;
    if (wanted > 0 && points.length !== wanted) {
      throw new FormatError(
        `it has ${points.length} numbers of points, and the first record ${wanted}. Expected as many in all.`,
      );
    }
    filling.labels[i] = datum.label;
    filling.boxes.set(box, 4 * i);
    filling.points?.set(points, wanted * i);
    const random = this.#images.random(filling.images, i);
    return whenDecoded(pixelsOf(datum, this.#decoder, this.#plan.color), (image) => {
      this.#images.write(image, filling.images, i, random);
    });
  }

  protected end(): void {
    this.#images.flush();
  }
}
