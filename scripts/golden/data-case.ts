import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Engines } from "../../src/engines/choose.ts";
import { openDatabase } from "../../src/io/db/open.ts";
import { readDatasets } from "../../src/io/hdf5/hdf5.ts";
import { decodeDatum } from "../../src/io/proto/datum.ts";
import { readBlobFile, readCaffemodel } from "../../src/io/weights/caffemodel.ts";
import { MemoryDataLayer } from "../../src/layers/data/memory-data.ts";
import type { Comparison } from "./comparison.ts";
import type { DataInfo, GoldenCase, RecordedDatabase } from "./golden-case.ts";
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

function checkDatabase(
  { arrayOf }: DataCase,
  folder: string,
  { path, entries }: RecordedDatabase,
  check: Comparison,
): void {
  const sha1 = (bytes: Uint8Array): string => createHash("sha1").update(bytes).digest("hex");
  const database = openDatabase(join(folder, path));
  try {
    const cursor = database.cursor();
    for (const want of entries) {
      const record = cursor.next();
      if (!record) {
        check.fail(`${path} ends before ${want.key}`);
        return;
      }
      const { key, value } = record;
      check.equal(`${path} key`, new TextDecoder().decode(key), want.key);
      check.equal(`${path} ${want.key} sha1`, sha1(value), want.value_sha1);
      const datum = decodeDatum(value, path);
      check.equal(`${path} ${want.key} label`, datum.label, want.label);
      if (want.float_data) {
        check.close(`${path} ${want.key}`, datum.floatData ?? [], arrayOf(want.float_data));
      } else if (!want.encoded && want.pixels) {
        check.close(`${path} ${want.key}`, Float32Array.from(datum.data), arrayOf(want.pixels));
      }
    }
    if (cursor.next()) check.fail(`${path} holds more than ${entries.length} records`);
  } finally {
    database.close();
  }
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
        check.close(`batch ${k} ${want.blob}`, blob.values(), arrayOf(want));
      }
    }
  } finally {
    net.close();
  }
}
