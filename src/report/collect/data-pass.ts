import type { RecordCounts } from "../../io/loaders/records-in-pass.ts";
import type { SourceRecords } from "../../io/loaders/source-records.ts";
import type { Net } from "../../net/net.ts";
import { CaffeError } from "../../util/errors.ts";

/** How a net goes through its data once. */
export interface DataPass {
  /** How many records are run: each once. */
  readonly records: number;
  /** How many its source holds; undefined where that has no end. */
  readonly ofSource: number | undefined;
  /** Records of a batch. */
  readonly batch: number;
  /** What the records are called. */
  readonly names: SourceRecords | undefined;
}

/** A layer that brings records. */
interface Source extends RecordCounts {
  readonly name: string;
  readonly records: SourceRecords | undefined;
}

/**
 * Plans a pass through a net's data, from its beginning to its end, or to that of the first `most` batches. Who asks closes
 * its names.
 *
 * @throws CaffeError where nothing tells how many records there are, or layers bring different numbers of them
 */
export function planPass(net: Net, most: number | undefined): DataPass {
  const sources = sourcesOf(net);
  try {
    const [first, ...others] = sources;
    if (!first) return passWithoutEnd(net, most);
    for (const other of others) {
      if (other.pass === first.pass && other.batch === first.batch) continue;
      throw new CaffeError(
        `layer "${first.name}" brings ${textOf(first)}, layer "${other.name}" ${textOf(other)}. Expected as many of each, so that every record is seen once with what belongs to it.`,
      );
    }
    const { batch, pass: ofSource } = first;
    const records = Math.min(ofSource, most === undefined ? ofSource : most * batch);
    for (const other of others) other.records?.close();
    return { records, ofSource, batch, names: first.records };
  } catch (error) {
    for (const { records } of sources) records?.close();
    throw error;
  }
}

function sourcesOf(net: Net): Source[] {
  return net.layers.flatMap((layer, i): Source[] => {
    const name = net.layerNames[i] ?? "";
    const records = layer.openRecords();
    const batch = net.topBlobs[i]?.[0]?.shape[0] ?? 1;
    if (records) return [{ name, pass: records.count, batch, records }];
    const counts = layer.recordsInPass();
    return counts ? [{ ...counts, name, records }] : [];
  });
}

function textOf({ pass, batch }: RecordCounts): string {
  return `${pass} records in batches of ${batch}`;
}

/** As many batches as were asked for, of data that has no end. */
function passWithoutEnd(net: Net, most: number | undefined): DataPass {
  const batch = net.topBlobs.find(([top]) => top && top.shape.length > 0)?.[0]?.shape[0] ?? 1;
  if (most !== undefined) {
    return { records: most * batch, ofSource: undefined, batch, names: undefined };
  }
  throw new CaffeError(
    "no layer of the net tells how many records its data has. Expected a Data, ImageData, HDF5Data, AnnotatedData or other data layer that reads files, or --iterations=N: so many batches.",
  );
}

/**
 * Runs a pass. The records of the last batch that were seen before, where the source began anew in it, are told of no one.
 * @param take is given the first record of each batch that was run, and how many of its samples count
 */
export async function runPass(
  net: Net,
  { records, batch }: DataPass,
  take: (first: number, count: number) => Promise<void>,
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  for (let first = 0; first < records; first += batch) {
    await net.forward();
    await take(first, Math.min(batch, records - first));
    onProgress(Math.min(first + batch, records), records);
  }
}
