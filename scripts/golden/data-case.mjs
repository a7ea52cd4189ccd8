import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../dist/io/db/open.js";
import { readDatasets } from "../../dist/io/hdf5/hdf5.js";
import { decodeDatum } from "../../dist/io/proto/datum.js";
import { parsePrototxt } from "../../dist/io/text/prototxt.js";
import { upgradeNet, upgradeSolver } from "../../dist/io/upgrade/upgrade.js";
import { readBlobFile, readCaffemodel } from "../../dist/io/weights/caffemodel.js";
import { buildNet, compareParams } from "./net-case.mjs";

/** Runs a case of kind "data": databases, means, weights, and the batches of a net that reads them. */
export async function runDataCase(golden, engines, check) {
  const work = mkdtempSync(join(tmpdir(), "golden-"));
  cpSync(golden.folder, work, { recursive: true });
  const copy = { ...golden, folder: work };
  try {
    for (const database of golden.info.databases ?? []) checkDatabase(copy, database, check);
    for (const want of golden.info.blobprotos ?? []) {
      check.close(want.path, readBlobFile(join(work, want.path)).data, golden.arrayOf(want));
    }
    if (golden.info.net) await runBatches(copy, engines, check);
    for (const want of golden.info.hdf5 ?? []) {
      const [got] = readDatasets(join(work, want.path), [want.dataset]);
      check.shape(want.dataset, got.shape, want.shape);
      check.close(want.dataset, got.data, golden.arrayOf(want));
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function checkDatabase({ folder, arrayOf }, { path, entries }, check) {
  const sha1 = (bytes) => createHash("sha1").update(bytes).digest("hex");
  const database = openDatabase(join(folder, path));
  try {
    const cursor = database.cursor();
    for (const want of entries) {
      const { key, value } = cursor.next() ?? {};
      if (!key) return check.fail(`${path} ends before ${want.key}`);
      check.equal(`${path} key`, new TextDecoder().decode(key), want.key);
      check.equal(`${path} ${want.key} sha1`, sha1(value), want.value_sha1);
      const datum = decodeDatum(value, path);
      check.equal(`${path} ${want.key} label`, datum.label, want.label);
      if (want.float_data)
        check.close(`${path} ${want.key}`, datum.floatData, arrayOf(want.float_data));
      else if (!want.encoded && want.pixels) {
        check.close(`${path} ${want.key}`, Float32Array.from(datum.data), arrayOf(want.pixels));
      }
    }
    if (cursor.next()) check.fail(`${path} holds more than ${entries.length} records`);
  } finally {
    database.close();
  }
}

async function runBatches(golden, engines, check) {
  const { info, folder, arrayOf } = golden;
  const net = buildNet(golden, engines);
  try {
    if (info.weights) net.copyFrom(readCaffemodel(join(folder, info.weights)));
    compareParams(net, info.params, "data", "weights", arrayOf, check);
    for (const input of info.inputs ?? []) net.blob(input.blob).data.set(arrayOf(input));
    if (info.memory) {
      const [memory] = net.layers.filter((layer) => layer.param.type === "MemoryData");
      const { data, label } = info.memory;
      memory.reset(arrayOf(data), arrayOf(label));
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

/** Runs a case of kind "tool": the upgrade tools. */
export async function runToolCase({ folder, info }, _engines, check) {
  const read = (file) => readFileSync(join(folder, file), "utf8");
  const isSolver = JSON.stringify(info.commands).includes("upgrade_solver");
  const name = isSolver ? "SolverParameter" : "NetParameter";
  const input = parsePrototxt(name, read(info.input), info.input);
  const want = parsePrototxt(name, read(info.output), info.output);
  const got = (isSolver ? upgradeSolver : upgradeNet)(input, info.input, () => {});
  check.equal("upgraded", canonical(got), canonical(want));
}

/** The same value with the keys of every object sorted and float32 numbers. */
function canonical(value) {
  if (Array.isArray(value)) return value.map(canonical);
  if (value && typeof value === "object") {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, inner]) => !(Array.isArray(inner) && inner.length === 0))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, inner]) => [key, canonical(inner)]),
    );
  }
  return typeof value === "number" ? Math.fround(value) : value;
}
