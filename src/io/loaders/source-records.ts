import { FormatError } from "../../util/errors.ts";
import { openDatabase } from "../db/open.ts";
import { listedImage } from "../lists/image-list.ts";
import { lineAt } from "../lists/line-list.ts";
import { Hdf5Rows } from "./hdf5-rows.ts";
import { ListOrder, type OrderedPlan } from "./list-order.ts";
import { objectsImage } from "./objects-loader.ts";
import type { LoaderPlan } from "./open-loader.ts";
import { recordStreamOf } from "./record-loader.ts";
import { recordsInPass } from "./records-in-pass.ts";

/** What a data layer's source holds, record by record, in the order in which the layer gives them from its beginning. */
export interface SourceRecords {
  /** How many there are in one pass. */
  readonly count: number;
  /** What record `position` of the first pass is called there: a key, a path; undefined where it has no name. */
  name(position: number): string | undefined;
  close(): void;
}

/**
 * Opens what a plan reads, to count it, reading all where nothing less tells, and to look at single records.
 * @returns undefined where there is no end: windows are drawn
 * @throws FileError, FormatError where it cannot be read, or passes do not hold each record once
 */
export function openSourceRecords(plan: LoaderPlan): SourceRecords | undefined {
  const count = recordsInPass(plan) ?? 0;
  const records = (name: SourceRecords["name"]): SourceRecords => ({
    ...{ count, name, close: () => {} },
  });
  switch (plan.kind) {
    case "windows":
      return undefined;
    case "hdf5":
      return { ...records(() => undefined), count: new Hdf5Rows(plan).countRows() };
    case "images": {
      const order = orderOf(plan, count);
      return records((position) => listedImage(plan.list, order.at(position)).path);
    }
    case "segmentation": {
      const order = orderOf(plan, count);
      return records((position) => lineAt(plan.list, order.at(position)).words[0]);
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
function stored(plan: Parameters<typeof recordStreamOf>[0]): SourceRecords {
  const db = openDatabase(plan.source);
  const records = recordStreamOf(plan, db);
  const decoder = new TextDecoder();
  let { count } = db;
  if (count === undefined) {
    const cursor = db.cursor();
    count = cursor.skip(Number.MAX_SAFE_INTEGER);
    cursor.close();
  }
  return {
    count,
    name(position) {
      records.seek(position);
      return decoder.decode(records.next().key);
    },
    close() {
      records.close();
      db.close();
    },
  };
}
