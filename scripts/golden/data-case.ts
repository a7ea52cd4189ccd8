import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engines } from "../../src/engines/choose.ts";
import { openDatabase } from "../../src/io/db/open.ts";
import { readDatasets } from "../../src/io/hdf5/hdf5.ts";
import { decodeAnnotatedDatum } from "../../src/io/proto/annotated-datum.ts";
import { decodeDatum } from "../../src/io/proto/datum.ts";
import { readBlobFile } from "../../src/io/weights/blob-file.ts";
import { readCaffemodel } from "../../src/io/weights/caffemodel.ts";
import { partSamplerOf } from "../../src/layers/base/annotated-param.ts";
import { MemoryDataLayer } from "../../src/layers/data/memory-data.ts";
import type { Comparison } from "./comparison.ts";
import type {
  DataInfo,
  GoldenCase,
  RecordedAnnotatedDatabase,
  RecordedDatabase,
} from "./golden-case.ts";
import { buildNet, compareParams } from "./net-case.ts";

type DataCase = GoldenCase<DataInfo>;

/** Runs a case of kind "data": databases, means, weights, and the batches of a net that reads them. */
export async function runDataCase(
  golden: DataCase,
  engines: Engines,
  check: Comparison,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "golden-"));
  cpSync(golden.folder, folder, { recursive: true });
  const { info, arrayOf } = golden;
  try {
    for (const database of info.databases ?? []) checkDatabase(golden, folder, database, check);
    for (const database of info.annotated_databases ?? []) {
      checkAnnotatedDatabase(folder, database, check);
    }
    for (const want of info.blobprotos ?? []) {
      check.close(want.path, readBlobFile(join(folder, want.path)).data, arrayOf(want));
    }
    await runBatches(golden, folder, engines, check);
    for (const [path, text] of Object.entries(info.files_written ?? {})) {
      check.equal(path, readFileSync(join(folder, path), "utf8"), text);
    }
    for (const want of info.hdf5 ?? []) {
      const [got] = readDatasets(join(folder, want.path), [want.dataset]);
      check.shape(want.dataset, got?.shape ?? [], want.shape);
      check.close(want.dataset, got?.data ?? [], arrayOf(want));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Holds the records of a database against those that were recorded, in order. */
function checkRecords<Entry extends { readonly key: string; readonly value_sha1: string }>(
  folder: string,
  { path, entries }: { readonly path: string; readonly entries: readonly Entry[] },
  check: Comparison,
  checkValue: (value: Uint8Array, want: Entry) => void,
): void {
  const database = openDatabase(join(folder, path));
  try {
    const cursor = database.cursor();
    for (const want of entries) {
      const record = cursor.next();
      if (!record) {
        check.fail(`${path} ends before ${want.key}`);
        return;
      }
      check.equal(`${path} key`, new TextDecoder().decode(record.key), want.key);
      check.equal(`${path} ${want.key} sha1`, sha1(record.value), want.value_sha1);
      checkValue(record.value, want);
    }
    if (cursor.next()) check.fail(`${path} holds more than ${entries.length} records`);
  } finally {
    database.close();
  }
}

function sha1(bytes: Uint8Array): string {
  return createHash("sha1").update(bytes).digest("hex");
}

function checkDatabase(
  { arrayOf }: DataCase,
  folder: string,
  recorded: RecordedDatabase,
  check: Comparison,
): void {
  checkRecords(folder, recorded, check, (value, want) => {
    const name = `${recorded.path} ${want.key}`;
    const datum = decodeDatum(value, recorded.path);
    check.equal(`${name} label`, datum.label, want.label);
    if (want.float_data) check.close(name, datum.floatData ?? [], arrayOf(want.float_data));
    else if (!want.encoded && want.pixels) {
      check.close(name, Float32Array.from(datum.data), arrayOf(want.pixels));
    }
  });
}

function checkAnnotatedDatabase(
  folder: string,
  recorded: RecordedAnnotatedDatabase,
  check: Comparison,
): void {
  checkRecords(folder, recorded, check, (value, want) => {
    const name = `${recorded.path} ${want.key}`;
    const { datum, type, groups } = decodeAnnotatedDatum(value, recorded.path);
    const { channels, height, width, label, encoded } = datum;
    for (const [field, got] of Object.entries({ channels, height, width, label, encoded })) {
      check.equal(`${name} ${field}`, got, want[field as keyof typeof want]);
    }
    check.equal(`${name} data`, sha1(datum.data), want.data_sha1);
    check.equal(`${name} type`, type, want.annotation_type);
    check.equal(
      `${name} groups`,
      groups.map(({ label: group_label, annotations }) => ({
        group_label,
        annotations: annotations.map(({ instance, isDifficult, box }) => ({
          instance_id: instance,
          difficult: isDifficult,
          bbox: box,
        })),
      })),
      want.groups,
    );
  });
}

async function runBatches(
  { info, arrayOf }: DataCase,
  folder: string,
  engines: Engines,
  check: Comparison,
): Promise<void> {
  const { net: file, phase } = info;
  if (file === undefined || phase === undefined) return;
  const net = buildNet(folder, { ...info, net: file, phase }, engines);
  // MobileNet-YOLO cuts a part of each image at random in both phases, by a generator of its own that was not seeded.
  const isDrawn = net.layers.some(({ param }) => partSamplerOf(param)?.kind === "jitter");
  if (isDrawn) check.notCompared = "yolo_data_jitter cut images at random: only shapes compared";
  try {
    if (info.weights) net.copyFrom(readCaffemodel(join(folder, info.weights)));
    compareParams(net, info.params, "data", "weights", arrayOf, check);
    for (const input of info.inputs ?? []) net.blob(input.blob).data.set(arrayOf(input));
    if (info.memory) {
      const memory = net.layers.find((layer) => layer instanceof MemoryDataLayer);
      memory?.reset(arrayOf(info.memory.data), arrayOf(info.memory.label));
    }
    if (info.hdf5) {
      for (const { path } of info.hdf5) rmSync(join(folder, path), { force: true });
      await net.forward();
    }
    for (const [k, batch] of (info.batches ?? []).entries()) {
      await net.forward();
      await net.toHost();
      for (const want of batch) {
        const blob = net.blob(want.blob);
        check.shape(`batch ${k} ${want.blob}`, blob.shape, want.shape);
        if (!isDrawn) check.close(`batch ${k} ${want.blob}`, blob.values(), arrayOf(want));
      }
    }
  } finally {
    net.close();
  }
}
