// What commands write into databases beside what BVLC Caffe writes: compute_image_mean,
// convert_imageset, extract_features.
import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { decodeDatum } from "../../../src/io/proto/datum.ts";
import { caffeHere } from "../../support/cli.ts";
import { readAll } from "../../support/databases.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const work = temporaryFolder();

const cases = new URL("../../golden/cases/data/", import.meta.url).pathname;

interface Entry {
  readonly key: string;
  readonly value_sha1: string;
  readonly float_data?: { readonly offset: number; readonly count: number };
}

/** A case of BVLC's tools, in a folder without what they wrote. */
function opened(name: string): {
  folder: string;
  commands: string[];
  databases: { path: string; entries: Entry[] }[];
  mean: Buffer | undefined;
} {
  const folder = join(work, name);
  cpSync(join(cases, name), folder, { recursive: true });
  const { commands, databases = [] } = JSON.parse(readFileSync(join(folder, "case.json"), "utf8"));
  for (const { path } of databases) rmSync(join(folder, path), { recursive: true });
  const file = join(folder, "mean.binaryproto");
  const mean = existsSync(file) ? readFileSync(file) : undefined;
  rmSync(file, { force: true });
  return { folder, commands, databases, mean };
}

async function run(folder: string, command: string): Promise<void> {
  const { status, stderr } = await caffeHere(command.split(" "), folder);
  expect(status, stderr).toBe(0);
}

describe("databases and means are BVLC Caffe's, byte by byte", () => {
  test.each([
    "db_raw_0",
    "db_mnist_0",
    "db_resize_0",
    "db_mixed_sizes_0",
    "db_encoded_jpg_0",
    "db_encoded_png_0",
    "db_encoded_gray_0",
    "db_leveldb_crop_0",
    "db_mean_crop2_0",
    "db_mean_crop_0",
  ])("%s", async (name) => {
    const { folder, commands, databases, mean } = opened(name);
    for (const command of commands) await run(folder, command);
    for (const { path, entries } of databases) {
      const got = readAll(join(folder, path)).map(([key, value]) => [
        key,
        createHash("sha1").update(value).digest("hex"),
      ]);
      expect(got).toEqual(entries.map(({ key, value_sha1 }) => [key, value_sha1]));
    }
    if (mean) expect(readFileSync(join(folder, "mean.binaryproto")).equals(mean)).toBe(true);
  });
});

describe("extract_features", () => {
  const { folder, commands, databases } = opened("features_0");
  const [convert = "", extract = ""] = commands;

  test("writes the features of several blobs that BVLC Caffe writes", async () => {
    await run(folder, convert);
    await run(folder, extract);
    const floats = new Float32Array(Uint8Array.from(readFileSync(join(folder, "data.bin"))).buffer);
    for (const { path, entries } of databases.slice(1)) {
      const got = readAll(join(folder, path));
      expect(got.map(([key]) => key)).toEqual(entries.map(({ key }) => key));
      for (const [i, { float_data: want = { offset: 0, count: 0 } }] of entries.entries()) {
        const datum = decodeDatum(got[i]?.[1] ?? new Uint8Array(0), path);
        expect(datum.floatData).toBeAllClose(
          floats.subarray(want.offset / 4, want.offset / 4 + want.count),
          { rtol: 1e-4, atol: 1e-5 },
        );
      }
    }
  });

  test("writes LevelDB, and HDF5 that a net reads again", async () => {
    await run(folder, "extract_features w.caffemodel net.prototxt fc fc_level 3 leveldb CPU");
    expect(readAll(join(folder, "fc_level"))).toEqual(readAll(join(folder, "fc_db")));
    await run(folder, "extract_features w.caffemodel net.prototxt fc,label fc.h5,label.h5 3 hdf5");
    const { stdout } = await caffeHere(["dataset", "info", "fc_level"], folder);
    expect(stdout).toContain("3×1×1, floats");
  });

  test.each([
    ["fc,conv a 1 lmdb", "the number of blob names and dataset names must be equal"],
    ["nothing a 1 lmdb", "Unknown feature blob name nothing in the network net.prototxt"],
    ["fc a 0 lmdb", "batches is 0. Expected a whole number"],
    ["fc a 1 sqlite", "Invalid values"],
    ["fc fc_db 1 lmdb", 'database "fc_db" exists'],
    ["fc a 1 lmdb GPU DEVICE_ID=3", "caffe: GPU: "],
  ])("refuses %s, and leaves nothing", async (args, message) => {
    const command = `extract_features w.caffemodel net.prototxt ${args}`;
    const { status, stderr } = await caffeHere(command.split(" "), folder);
    expect(stderr.trimEnd().split("\n").at(-1)).toContain("caffe: ");
    expect(stderr).toContain(message);
    expect(status).toBe(1);
    expect(existsSync(join(folder, "a")) || existsSync(join(folder, "a.part"))).toBe(false);
  });
});
