import { openDatabase } from "../db/open.ts";
import { recordsOf, tried } from "../db/records.ts";
import { datumShape } from "../images/datum-image.ts";
import { imageHeader } from "../images/header.ts";
import type { Datum } from "../proto/datum.ts";

/** What a database holds. */
export interface DatasetInfo {
  readonly backend: string;
  readonly count: number;
  /** Bytes of all records. */
  readonly bytes: number;
  readonly firstKey: string;
  readonly lastKey: string;
  /** How many records of each shape there are: `3×256×256`, and `encoded JPEG` behind where they are. */
  readonly shapes: ReadonlyMap<string, number>;
  /** How many records of each label there are, in the order of the labels; where boxes are marked, how many of these. */
  readonly labels: ReadonlyMap<number, number>;
  /** How many boxes are marked in the records, and in how many of them none; undefined where the records have labels of their own. */
  readonly boxes: { readonly count: number; readonly without: number } | undefined;
  /** How many records have a mask of their pixels' classes. */
  readonly masks: number;
  /** How many records are no whole Datum. */
  readonly damaged: number;
}

/**
 * Counts what a database holds. Images are not decoded: their headers tell.
 * @throws FileError, FormatError where the database itself is damaged
 */
export function datasetInfo(
  path: string,
  onProgress: (done: number) => void = () => {},
): DatasetInfo {
  const db = openDatabase(path);
  const { backend } = db;
  db.close();
  const shapes = new Map<string, number>();
  const labels = new Map<number, number>();
  let boxes: DatasetInfo["boxes"];
  let [count, bytes, masks, damaged, firstKey, lastKey] = [0, 0, 0, 0, "", ""];
  for (const record of recordsOf(path)) {
    if (count++ === 0) firstKey = record.key;
    lastKey = record.key;
    bytes += record.bytes;
    onProgress(count);
    const { datum } = record;
    const shape = datum instanceof Error ? datum : tried(() => shapeText(datum));
    if (datum instanceof Error || shape instanceof Error) {
      damaged++;
      continue;
    }
    add(shapes, shape);
    if (datum.mask) masks++;
    if (!record.groups) {
      add(labels, datum.label);
      continue;
    }
    let own = 0;
    for (const { label, annotations } of record.groups) {
      add(labels, label, annotations.length);
      own += annotations.length;
    }
    boxes = {
      count: (boxes?.count ?? 0) + own,
      without: (boxes?.without ?? 0) + (own === 0 ? 1 : 0),
    };
  }
  const inOrder = new Map([...labels].sort(([a], [b]) => a - b));
  return {
    backend,
    count,
    bytes,
    firstKey,
    lastKey,
    shapes,
    labels: inOrder,
    boxes,
    masks,
    damaged,
  };
}

function shapeText(datum: Datum): string {
  const shape = datumShape(datum, "unchanged").join("×");
  if (datum.encoded) return `${shape}, encoded ${imageHeader(datum.data, "its image").format}`;
  return `${shape}${datum.data.length > 0 ? "" : ", floats"}`;
}

function add<K>(counts: Map<K, number>, key: K, more = 1): void {
  counts.set(key, (counts.get(key) ?? 0) + more);
}
