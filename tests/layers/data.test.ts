import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeDatum } from "../../src/io/datum.ts";
import { createLmdb } from "../../src/io/db/lmdb.ts";
import type { Net } from "../../src/net/net.ts";
import { netOf } from "../support/nets.ts";

const RECORDS = 5;
let folder = "";

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "caffe-data-layer-"));
  const writer = createLmdb(join(folder, "db"));
  for (let k = 0; k < RECORDS; k++) {
    const data = Uint8Array.from([10 * k, 10 * k + 1, 10 * k + 2, 10 * k + 3]);
    await writer.put(
      String(k).padStart(8, "0"),
      encodeDatum({ channels: 1, height: 2, width: 2, data, label: k }),
    );
  }
  await writer.finish();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const dataNet = (param: string, more = "", tops = 'top: "y" top: "label"'): Net =>
  netOf(`layer { name: "t" type: "Data" ${tops} data_param { ${param} } ${more} }`, {
    root: folder,
  });

/** The labels of the next batch. */
async function labels(net: Net): Promise<number[]> {
  await net.forward();
  return Array.from(net.blob("label").values());
}

describe("Data", () => {
  test("gives images and labels in key order, round and round", async () => {
    const net = dataNet('source: "db" batch_size: 3 backend: LMDB');
    expect(net.blob("y").shape).toEqual([3, 1, 2, 2]);
    expect(await labels(net)).toEqual([0, 1, 2]);
    expect(Array.from(net.blob("y").values())).toEqual([
      0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23,
    ]);
    expect(await labels(net)).toEqual([3, 4, 0]);
    expect(await labels(net)).toEqual([1, 2, 3]);
    net.close();
  });

  test("sees from the files that it is an LMDB, whatever backend says", async () => {
    const net = dataNet('source: "db" batch_size: 1');
    expect(await labels(net)).toEqual([0]);
    net.close();
  });

  test("transforms: mean and scale", async () => {
    const net = dataNet(
      'source: "db" batch_size: 1',
      "transform_param { mean_value: 1 scale: 0.5 }",
      'top: "y"',
    );
    await net.forward();
    expect(Array.from(net.blob("y").values())).toEqual([-0.5, 0, 0.5, 1]);
    net.close();
  });

  test("goes on from its state as if never stopped", async () => {
    const text = 'source: "db" batch_size: 2';
    const mirror = "transform_param { mirror: true }";
    const first = dataNet(text, mirror);
    await labels(first);
    await labels(first);
    const state = first.layers[0]?.state() ?? {};
    const resumed = dataNet(text, mirror);
    await resumed.layers[0]?.restore(JSON.parse(JSON.stringify(state)));
    for (let batch = 0; batch < 4; batch++) {
      expect(await labels(resumed)).toEqual(await labels(first));
      expect(Array.from(resumed.blob("y").values())).toEqual(Array.from(first.blob("y").values()));
    }
    first.close();
    resumed.close();
  });
});

test.each([
  ['source: "db"', "data_param.batch_size is 0. Expected 1 or more"],
  ["batch_size: 1", "data_param has no source. Expected the folder of a database"],
  ['source: "nowhere" batch_size: 1', "no such file or directory"],
])("Data refuses %s", (param, message) => {
  expect(() => dataNet(param)).toThrow(message);
  expect(() => dataNet(param)).toThrow('layer "t" (Data): ');
});

test("Data says of a LevelDB that it should be converted", () => {
  mkdirSync(join(folder, "level"));
  writeFileSync(join(folder, "level", "CURRENT"), "MANIFEST-000002\n");
  expect(() => dataNet('source: "level" batch_size: 1')).toThrow(
    "it is a LevelDB database. Expected LMDB",
  );
});
