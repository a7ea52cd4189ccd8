import type { FloatArray } from "../../util/arrays.ts";
import type { Db } from "../db/db.ts";
import { DataTransformer } from "../images/data-transformer.ts";
import { datumShape, pixelsOf } from "../images/datum-image.ts";
import { ImageDecoder } from "../images/decode.ts";
import type { ColorMode } from "../images/image.ts";
import { decodeDatum } from "../proto/datum.ts";
import { ImageBatches, type ImageFilling, type ImagesPlan, whenDecoded } from "./image-batches.ts";
import type { Place } from "./loader.ts";
import { peekRecord, RecordLoader, type RecordPlan } from "./record-loader.ts";

/** Records of a database. */
export interface DatabasePlan extends RecordPlan, ImagesPlan {
  readonly kind: "database";
  /** What becomes of the colours of encoded images. */
  readonly color: ColorMode;
  /** Whether there is a second top, of labels. */
  readonly hasLabels: boolean;
}

/** What the first record of a batch tells of it. */
interface RecordPeek {
  readonly backend: Db["backend"];
  /** (C, H, W) of what it becomes. */
  readonly shape: readonly [number, number, number];
  readonly isEncoded: boolean;
}

/**
 * Looks at the first record that a plan reads.
 * @throws FileError, FormatError where the database cannot be opened, or the record is damaged
 */
export function peekDatabase(plan: DatabasePlan): RecordPeek {
  return peekRecord(plan, (value) => {
    const datum = decodeDatum(value, "its Datum");
    const [channels, height, width] = datumShape(datum, plan.color);
    const shape = new DataTransformer(plan.transform).shapeOf({ channels, height, width });
    return { shape, isEncoded: datum.encoded };
  });
}

/** A batch that is being made. */
interface Filling {
  readonly images: ImageFilling;
  readonly label: FloatArray | undefined;
}

/** Makes batches of images and labels. */
export class DatabaseLoader extends RecordLoader<Filling> {
  readonly #plan: DatabasePlan;
  readonly #images: ImageBatches;
  readonly #decoder = new ImageDecoder();

  constructor(plan: DatabasePlan) {
    super(plan);
    this.#plan = plan;
    this.#images = new ImageBatches(plan);
  }

  protected override begin(batch: number, place: Place): Filling {
    const { batchSize, hasLabels } = this.#plan;
    const label = hasLabels ? place(1, [batchSize]) : undefined;
    return { images: this.#images.begin(batch, place), label };
  }

  protected override add(
    value: Uint8Array,
    { images, label }: Filling,
    i: number,
  ): Promise<void> | undefined {
    const datum = decodeDatum(value, "its Datum");
    return whenDecoded(pixelsOf(datum, this.#decoder, this.#plan.color), (image) => {
      if (label) label[i] = datum.label;
      const random = this.#images.random(images, i);
      return this.#images.put(this.#images.widen(image, random).image, images, i, random);
    });
  }

  protected override end(): void {
    this.#images.flush();
  }
}
