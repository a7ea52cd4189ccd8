import type { FloatArray } from "../../util/arrays.ts";
import { FormatError } from "../../util/errors.ts";
import { Random } from "../../util/random.ts";
import { DataTransformer, type Transform } from "../data-transformer.ts";
import { decodeDatum } from "../datum.ts";
import type { Db, DbRecord } from "../db/db.ts";
import { openDatabase } from "../db/open.ts";
import { RecordStream } from "../db/record-stream.ts";
import { type ColorMode, decodedShape, ImageDecoder } from "../image.ts";
import { imageHeader } from "../image-header.ts";
import { type Raster, rasterOf } from "../raster.ts";
import { type BasePlan, type BatchLoader, type Place, recordNumber } from "./loader.ts";
import { aboutRecord } from "./record-error.ts";

/** Records of a database. */
export interface DatabasePlan extends BasePlan {
  readonly kind: "database";
  readonly source: string;
  readonly transform: Transform;
  /** What becomes of the colours of encoded images. */
  readonly color: ColorMode;
  /** Whether there is a second top, of labels. */
  readonly hasLabels: boolean;
}

/** What the first record of a batch tells of it. */
export interface RecordPeek {
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
  const db = openDatabase(plan.source);
  try {
    const stream = new RecordStream(db);
    stream.seek(recordNumber(plan, 0, 0));
    const { key, value } = stream.next();
    stream.close();
    const record = recordName(plan.source, key);
    try {
      const datum = decodeDatum(value, "its Datum");
      const [channels, height, width] = datum.encoded
        ? decodedShape(imageHeader(datum.data, "its image"), plan.color)
        : [rasterOf(datum).channels, datum.height, datum.width];
      const shape = new DataTransformer(plan.transform).outputShape({ channels, height, width });
      return { backend: db.backend, shape, isEncoded: datum.encoded };
    } catch (error) {
      throw aboutRecord(error, record);
    }
  } finally {
    db.close();
  }
}

/** Makes batches of a database's records, in the order of their keys, round and round. */
export class DatabaseLoader implements BatchLoader {
  readonly #plan: DatabasePlan;
  readonly #db: Db;
  readonly #records: RecordStream;
  readonly #transformer: DataTransformer;
  readonly #decoder = new ImageDecoder();

  constructor(plan: DatabasePlan) {
    this.#plan = plan;
    this.#transformer = new DataTransformer(plan.transform);
    this.#db = openDatabase(plan.source);
    this.#records = new RecordStream(this.#db);
  }

  async load(batch: number, place: Place): Promise<boolean> {
    const { batchSize, hasLabels } = this.#plan;
    const first = recordNumber(this.#plan, batch, 0);
    let shape: readonly number[] | undefined;
    let data: FloatArray | undefined;
    const label = hasLabels ? place(1, [batchSize]) : undefined;
    let position = first;
    for (let i = 0; i < batchSize; i++) {
      position = recordNumber(this.#plan, batch, i);
      this.#records.seek(position);
      const record = this.#records.next();
      try {
        const datum = decodeDatum(record.value, "its Datum");
        const image = datum.encoded ? await this.#decode(datum.data) : rasterOf(datum);
        const own = this.#transformer.outputShape(image);
        if (!shape) {
          shape = own;
          data = place(0, [batchSize, ...own]);
        } else checkShape(own, shape);
        const size = own[0] * own[1] * own[2];
        const random = this.#transformer.isRandom
          ? new Random(this.#plan.seed, this.#plan.stream, position % 2 ** 32)
          : undefined;
        if (data) this.#transformer.add(image, data, i * size, random);
        if (label) label[i] = datum.label;
      } catch (error) {
        throw aboutRecord(error, recordName(this.#plan.source, record.key));
      }
    }
    this.#transformer.flush();
    return this.#records.passOf(position) > this.#records.passOf(Math.max(first - 1, 0));
  }

  close(): void {
    this.#records.close();
    this.#db.close();
  }

  /** At once where that is possible: waiting costs. */
  #decode(bytes: Uint8Array): Raster | Promise<Raster> {
    return this.#decoder.decode(bytes, this.#plan.color, "its image");
  }
}

/** @throws FormatError where an image differs from those before it in the batch */
export function checkShape(own: readonly number[], shape: readonly number[]): void {
  if (own.every((length, axis) => length === shape[axis])) return;
  throw new FormatError(
    `it becomes ${own.join("×")} in a batch of ${shape.join("×")}. Expected one size in a batch; give crop_size, or batch_size: 1.`,
  );
}

/** A record as messages name it. */
export function recordName(source: string, key: DbRecord["key"]): string {
  return `${source}: key "${new TextDecoder().decode(key)}"`;
}
