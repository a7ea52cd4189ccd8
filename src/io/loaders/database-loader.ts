import type { FloatArray } from "../../util/arrays.ts";
import { Random } from "../../util/random.ts";
import type { Db, DbRecord } from "../db/db.ts";
import { openDatabase } from "../db/open.ts";
import { RecordStream } from "../db/record-stream.ts";
import { DataTransformer, type Transform } from "../images/data-transformer.ts";
import { datumShape, pixelsOf } from "../images/datum-image.ts";
import { ImageDecoder } from "../images/decode.ts";
import type { ColorMode } from "../images/image.ts";
import type { Raster } from "../images/raster.ts";
import { decodeDatum } from "../proto/datum.ts";
import { type BasePlan, type BatchLoader, type Place, recordNumber } from "./loader.ts";
import { aboutRecord, checkShape, recordName } from "./record-error.ts";

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
  const db = openDatabase(plan.source);
  try {
    const stream = new RecordStream(db);
    stream.seek(recordNumber(plan, 0, 0));
    const { key, value } = stream.next();
    stream.close();
    const record = recordName(plan.source, key);
    try {
      const datum = decodeDatum(value, "its Datum");
      const [channels, height, width] = datumShape(datum, plan.color);
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

  load(batch: number, place: Place): boolean | Promise<boolean> {
    const { batchSize, hasLabels } = this.#plan;
    const label = hasLabels ? place(1, [batchSize]) : undefined;
    return this.#fill({ batch, place, label, shape: undefined, data: undefined }, 0);
  }

  close(): void {
    this.#records.close();
    this.#db.close();
  }

  /** Fills a batch from its sample `from` on: at once unless a decoder has to be waited for. */
  #fill(filling: Filling, from: number): boolean | Promise<boolean> {
    const { batch } = filling;
    for (let i = from; i < this.#plan.batchSize; i++) {
      this.#records.seek(recordNumber(this.#plan, batch, i));
      const late = this.#add(this.#records.next(), filling, i);
      if (late) return late.then(() => this.#fill(filling, i + 1));
    }
    this.#transformer.flush();
    const before = recordNumber(this.#plan, batch, 0) - 1;
    const last = recordNumber(this.#plan, batch, this.#plan.batchSize - 1);
    return this.#records.passOf(last) > this.#records.passOf(Math.max(before, 0));
  }

  /** Decodes a record and writes it to sample `i` of a batch. */
  #add({ key, value }: DbRecord, filling: Filling, i: number): Promise<void> | undefined {
    try {
      const datum = decodeDatum(value, "its Datum");
      const image = pixelsOf(datum, this.#decoder, this.#plan.color);
      if (image instanceof Promise) {
        const add = (late: Raster): void => this.#write(late, datum.label, filling, i);
        return image.then(add).catch((error: unknown) => this.#fail(error, key));
      }
      this.#write(image, datum.label, filling, i);
      return undefined;
    } catch (error) {
      return this.#fail(error, key);
    }
  }

  #write(image: Raster, label: number, filling: Filling, i: number): void {
    const { batchSize, seed, stream } = this.#plan;
    const own = this.#transformer.outputShape(image);
    if (filling.shape) checkShape(own, filling.shape);
    else filling.shape = own;
    filling.data ??= filling.place(0, [batchSize, ...own]);
    const position = recordNumber(this.#plan, filling.batch, i);
    const random = this.#transformer.isRandom
      ? new Random(seed, stream, position % 2 ** 32)
      : undefined;
    this.#transformer.add(image, filling.data, i * own[0] * own[1] * own[2], random);
    if (filling.label) filling.label[i] = label;
  }

  #fail(error: unknown, key: DbRecord["key"]): never {
    throw aboutRecord(error, recordName(this.#plan.source, key));
  }
}

/** A batch that is being made. */
interface Filling {
  readonly batch: number;
  readonly place: Place;
  readonly label: FloatArray | undefined;
  /** (C, H, W) and memory of the images; known with the first. */
  shape: readonly [number, number, number] | undefined;
  data: FloatArray | undefined;
}
