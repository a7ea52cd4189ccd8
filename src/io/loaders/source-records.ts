import { FormatError } from "../../util/errors.ts";
import type { Db } from "../db/db.ts";
import { openDatabase } from "../db/open.ts";
import { decodeRecord } from "../db/records.ts";
import { readBytes } from "../files/read-file.ts";
import { pixelsOf } from "../images/datum-image.ts";
import { ImageDecoder } from "../images/decode.ts";
import type { Raster } from "../images/raster.ts";
import { clipAt, type ListedClip } from "../lists/clip-list.ts";
import { listedImage, pathWithin } from "../lists/image-list.ts";
import { lineAt } from "../lists/line-list.ts";
import { decodeAnnotatedDatum } from "../proto/annotated-datum.ts";
import { type Datum, decodeDatum } from "../proto/datum.ts";
import { decodeMtcnnDatum } from "../proto/mtcnn-datum.ts";
import type { AnnotatedPlan } from "./annotated-loader.ts";
import { firstFrame } from "./clip-loader.ts";
import type { DatabasePlan } from "./database-loader.ts";
import type { GridPlan } from "./grid-loader.ts";
import { Hdf5Rows } from "./hdf5-rows.ts";
import { ListOrder, type OrderedPlan } from "./list-order.ts";
import type { MtcnnPlan } from "./mtcnn-loader.ts";
import { objectsImage } from "./objects-loader.ts";
import type { LoaderPlan } from "./open-loader.ts";
import { recordStreamOf } from "./record-loader.ts";
import { recordsInPass } from "./records-in-pass.ts";
import type { RegionPlan } from "./region-loader.ts";

/** What a data layer's source holds, record by record, in the order in which the layer gives them from its beginning. */
export interface SourceRecords {
  /** How many there are in one pass. */
  readonly count: number;
  /** What record `position` of the first pass is called there: a key, a path; undefined where it has no name. */
  name(position: number): string | undefined;
  /**
   * The picture that it is made from, as it lies there; undefined where it is none.
   * @throws FileError, FormatError where it cannot be read
   */
  picture(position: number): Promise<Raster | undefined>;
  close(): void;
}

/**
 * Opens what a plan reads, to count it, reading all where nothing less tells, and to look at single records.
 * @returns undefined where there is no end: windows are drawn
 * @throws FileError, FormatError where it cannot be read, or passes do not hold each record once
 */
export function openSourceRecords(plan: LoaderPlan): SourceRecords | undefined {
  const count = recordsInPass(plan) ?? 0;
  const records = (
    name: SourceRecords["name"],
    fileOf: (position: number) => string | undefined = () => undefined,
  ): SourceRecords => ({
    ...{ count, name, close: () => {} },
    async picture(position) {
      const file = fileOf(position);
      return file === undefined
        ? undefined
        : new ImageDecoder().decode(readBytes(file, "image"), "color", file);
    },
  });
  switch (plan.kind) {
    case "windows":
      return undefined;
    case "hdf5":
      return { ...records(() => undefined), count: new Hdf5Rows(plan).countRows() };
    case "images": {
      const order = orderOf(plan, count);
      const nameOf = (position: number): string => listedImage(plan.list, order.at(position)).path;
      return records(nameOf, (at) => pathWithin(plan.base, plan.rootFolder, nameOf(at)));
    }
    case "clips": {
      const order = orderOf(plan, count);
      const clip = (position: number): ListedClip => clipAt(plan.list, order.at(position));
      return records(
        (at) => clip(at).folder,
        (at) => firstFrame(plan, clip(at)),
      );
    }
    case "segmentation": {
      const order = orderOf(plan, count);
      const nameOf = (position: number): string =>
        lineAt(plan.list, order.at(position)).words[0] ?? "";
      return records(nameOf, (at) => pathWithin(plan.base, plan.imageFolder, nameOf(at)));
    }
    case "objects":
    case "evaluation":
      return records((position) => objectsImage(plan, position));
    default:
      return stored(plan);
  }
}

/** The order of a list in which each is once. */
function orderOf(plan: OrderedPlan, count: number): ListOrder {
  if (!plan.shuffle || plan.skip === 0) return new ListOrder(plan, count);
  throw new FormatError(
    "shuffle and rand_skip together leave some records out of the first pass. Expected one of them where each record is to be read once.",
  );
}

/** Records of a database. */
function stored(plan: StoredPlan): SourceRecords {
  const db = counted(openDatabase(plan.source));
  const records = recordStreamOf(plan, db);
  const keys = new TextDecoder();
  const decoder = new ImageDecoder();
  return {
    count: db.count,
    name(position) {
      records.seek(position);
      return keys.decode(records.next().key);
    },
    async picture(position) {
      records.seek(position);
      return pixelsOf(datumOf(records.next().value, plan.kind), decoder, "color");
    },
    close() {
      records.close();
      db.close();
    },
  };
}

/** A plan that reads a database. */
type StoredPlan = DatabasePlan | AnnotatedPlan | RegionPlan | GridPlan | MtcnnPlan;

function datumOf(value: Uint8Array, kind: StoredPlan["kind"]): Datum {
  if (kind === "database") return decodeDatum(value, "the record");
  if (kind === "grid") return decodeRecord(value).datum;
  if (kind === "mtcnn") return decodeMtcnnDatum(value, "the record").datum;
  return decodeAnnotatedDatum(value, "the record").datum;
}

/** The database with the number of its records, for which all of them are passed over where it cannot tell. */
function counted(db: Db): Db & { readonly count: number } {
  const { path, backend } = db;
  let { count } = db;
  if (count === undefined) {
    const cursor = db.cursor();
    count = cursor.skip(Number.MAX_SAFE_INTEGER);
    cursor.close();
  }
  return { path, backend, count, cursor: () => db.cursor(), close: () => db.close() };
}
