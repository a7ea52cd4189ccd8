import { createHash } from "node:crypto";
import { openDatabase } from "../io/db/open.ts";
import { recordsOf } from "../io/db/records.ts";
import { readBytes } from "../io/files/read-file.ts";
import { listedImage, pathWithin, readImageList } from "../io/lists/image-list.ts";
import type { LayerParameter } from "../io/proto/caffe.ts";
import { CaffeError } from "../util/errors.ts";
import { readsDatabase, readsImageList } from "./layer-kinds.ts";

/** What a data layer reads, as far as it was looked at: its records in the order in which they lie there. */
export interface ScannedSource {
  readonly layer: LayerParameter;
  /** The message of the layer that names the source. */
  readonly message: object;
  readonly path: string;
  readonly batchSize: number;
  readonly isShuffled: boolean;
  /** How many records there are; undefined where only reading them all would tell. */
  readonly count: number | undefined;
  /** How many were looked at: the first ones. */
  readonly seen: number;
  /** How many records have each label, and the first of them, by the labels; empty where they have none of their own. */
  readonly labels: ReadonlyMap<number, { readonly count: number; readonly first: string }>;
  /** How many records have another label than the one before. */
  readonly changes: number;
  /** The records' stored bytes in short, and the first record's name that has them. */
  readonly digests: ReadonlyMap<string, string>;
}

/** One record, as far as it is looked at. */
interface SeenRecord {
  readonly name: string;
  /** Undefined where the record has no label of its own. */
  readonly label: number | undefined;
  readonly bytes: Uint8Array;
}

/**
 * Reads the first `most` records that a data layer would: those of a database, or the images of a list. Images are not decoded.
 * @returns undefined for layers that read neither
 * @throws FileError, FormatError where the source, or an image, cannot be read
 */
export function scanSource(layer: LayerParameter, most: number): ScannedSource | undefined {
  const { data_param, image_data_param } = layer;
  const message = readsDatabase(layer) ? data_param : image_data_param;
  const isScanned = readsDatabase(layer) || readsImageList(layer);
  if (!isScanned || !message?.source) return undefined;
  const { source: path, batch_size: batchSize = 1, shuffle: isShuffled = false } = message;
  const { count, records } = readsDatabase(layer)
    ? databaseRecords(path)
    : listRecords(path, image_data_param?.root_folder ?? "");
  const labels = new Map<number, { count: number; readonly first: string }>();
  const digests = new Map<string, string>();
  let [seen, changes, before] = [0, 0, undefined as number | undefined];
  for (const { name, label, bytes } of records) {
    if (seen++ === most) break;
    const digest = createHash("sha1").update(bytes).digest("base64");
    if (!digests.has(digest)) digests.set(digest, name);
    if (label === undefined) continue;
    if (before !== undefined && label !== before) changes++;
    before = label;
    const known = labels.get(label);
    if (known) known.count++;
    else labels.set(label, { count: 1, first: name });
  }
  seen = Math.min(seen, most);
  const all = count ?? (seen < most ? seen : undefined);
  return {
    layer,
    message,
    path,
    batchSize,
    isShuffled,
    count: all,
    seen,
    labels,
    changes,
    digests,
  };
}

interface Records {
  readonly count: number | undefined;
  readonly records: Iterable<SeenRecord>;
}

function databaseRecords(path: string): Records {
  const db = openDatabase(path);
  const { count } = db;
  db.close();
  return { count, records: seenIn(path) };
}

function* seenIn(path: string): Generator<SeenRecord> {
  for (const { key, datum, groups } of recordsOf(path)) {
    if (datum instanceof Error) {
      throw new CaffeError(
        `${path}: record "${key}" is damaged: ${datum.message} caffe dataset verify lists all that are.`,
      );
    }
    const floats = new Uint8Array(Float32Array.from(datum.floatData ?? []).buffer);
    const bytes = datum.data.length > 0 ? datum.data : floats;
    yield { name: `record "${key}"`, label: groups ? undefined : datum.label, bytes };
  }
}

function listRecords(path: string, rootFolder: string): Records {
  const list = readImageList(path, "lenient");
  const records = function* (): Generator<SeenRecord> {
    for (let i = 0; i < list.starts.length; i++) {
      const { path: name, label, line } = listedImage(list, i);
      const file = pathWithin(".", rootFolder, name);
      yield { name: `${name} (line ${line})`, label, bytes: readBytes(file, "image") };
    }
  };
  return { count: list.starts.length, records: records() };
}
