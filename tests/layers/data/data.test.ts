import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { createLmdb } from "../../../src/io/db/lmdb/create.ts";
import { encodeDatum } from "../../../src/io/proto/datum.ts";
import type { Net } from "../../../src/net/net.ts";
import { netOf } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const RECORDS = 5;
const folder = temporaryFolder();

beforeAll(async () => {
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

  test("shuffles an LMDB anew in every pass, each record once, and goes on so in a resumed run", async () => {
    const count = 400;
    const writer = createLmdb(join(folder, "many"));
    for (let k = 0; k < count; k++) {
      const data = new Uint8Array(k % 50 === 0 ? 9000 : 60).fill(k % 251);
      const datum = { channels: 1, height: 1, width: data.length, data, label: k };
      await writer.put(String(k).padStart(8, "0"), encodeDatum(datum));
    }
    await writer.finish();
    const shuffled = (): Net =>
      dataNet('source: "many" batch_size: 40 shuffle: true', "transform_param { crop_size: 1 }");
    const net = shuffled();
    const passes: number[][] = [[], []];
    for (const pass of passes) {
      for (let k = 0; k < 10; k++) {
        const own = await labels(net);
        const values = net.blob("y").values();
        for (const [i, label] of own.entries()) expect(values[i]).toBe(label % 251);
        pass.push(...own);
      }
    }
    const [first = [], second = []] = passes;
    const sorted = (pass: readonly number[]): number[] => [...pass].sort((a, b) => a - b);
    expect(sorted(first)).toEqual(Array.from({ length: count }, (_, k) => k));
    expect(sorted(second)).toEqual(sorted(first));
    expect(first).not.toEqual(sorted(first));
    expect(second).not.toEqual(first);
    net.close();
    const before = shuffled();
    for (let k = 0; k < 13; k++) await before.forward();
    const state = before.layers[0]?.state?.();
    before.close();
    const after = shuffled();
    after.layers[0]?.restore?.(state as NonNullable<typeof state>);
    expect(await labels(after)).toEqual(second.slice(120, 160));
    expect(after.layers[0]?.recordName(0)).toContain(String(second[120]).padStart(8, "0"));
    after.close();
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

  test("deals its records out to the solvers that train side by side; in testing each reads all", async () => {
    const layer =
      'layer { name: "t" type: "Data" top: "y" top: "label" data_param { source: "db" batch_size: 2 } }';
    const batches = async (phase: "TRAIN" | "TEST", rank: number): Promise<number[][]> => {
      const net = netOf(layer, { root: folder, phase, shard: { rank, count: 2 } });
      const read = [await labels(net), await labels(net), await labels(net)];
      net.close();
      return read;
    };
    expect(await batches("TRAIN", 0)).toEqual([
      [0, 2],
      [4, 1],
      [3, 0],
    ]);
    expect(await batches("TRAIN", 1)).toEqual([
      [1, 3],
      [0, 2],
      [4, 1],
    ]);
    const all = [
      [0, 1],
      [2, 3],
      [4, 0],
    ];
    for (const rank of [0, 1]) expect(await batches("TEST", rank)).toEqual(all);
  });

  test("gives the same batches whatever prefetch and workers say; rand_skip does nothing, as in Caffe", async () => {
    const read = async (param: string, workers = 0): Promise<number[][]> => {
      const net = dataNet(
        `source: "db" batch_size: 2 ${param}`,
        `transform_param { crop_size: 1 mirror: true workers: ${workers} }`,
      );
      const batches: number[][] = [];
      for (let batch = 0; batch < 4; batch++) {
        batches.push([...(await labels(net)), ...net.blob("y").values()]);
      }
      net.close();
      return batches;
    };
    const plain = await read("");
    expect(await read("prefetch: 1")).toEqual(plain);
    expect(await read("prefetch: 7", 3)).toEqual(plain);
    expect(await read("rand_skip: 3")).toEqual(plain);
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

describe("Data, of records that are cut", () => {
  const cut = (
    batch: number,
    transform: string,
    phase: "TRAIN" | "TEST" = "TRAIN",
    seed = 1,
  ): Net =>
    netOf(
      `layer { name: "d" type: "Data" top: "y" top: "label" transform_param { ${transform} } data_param { source: "wide" batch_size: ${batch} backend: LMDB } }`,
      { phase, seed, root: folder },
    );
  const values = async (net: Net, batches: number): Promise<number[][]> => {
    const all: number[][] = [];
    for (let i = 0; i < batches; i++) {
      await net.forward();
      all.push(Array.from(net.blob("y").values()));
    }
    return all;
  };

  beforeAll(async () => {
    const writer = createLmdb(join(folder, "wide"));
    for (let i = 0; i < 5; i++) {
      const data = Uint8Array.from({ length: 12 }, (_, k) => 20 * i + k);
      const datum = encodeDatum({ channels: 1, height: 3, width: 4, data, label: i });
      await writer.put(String(i).padStart(8, "0"), datum);
    }
    await writer.finish();
  });

  test("takes the centre in testing, subtracts the mean, scales", async () => {
    const net = cut(1, "crop_size: 2 mean_value: 1 scale: 0.5", "TEST");
    expect(await values(net, 1)).toEqual([[0, 0.5, 2, 2.5]]);
    net.close();
  });

  test("draws the same crops for the same seed, and goes on from its state", async () => {
    const text = "crop_size: 2 mirror: true";
    const batches = await values(cut(2, text), 6);
    expect(await values(cut(2, text), 6)).toEqual(batches);
    expect(await values(cut(2, text, "TRAIN", 2), 6)).not.toEqual(batches);
    const first = cut(2, text);
    await values(first, 3);
    const resumed = cut(2, text, "TRAIN", 77);
    await resumed.layers[0]?.restore(first.layers[0]?.state() ?? {});
    expect(await values(resumed, 1)).toEqual([batches[3]]);
    first.close();
    resumed.close();
  });

  test("refuses a crop larger than the records at the first batch", async () => {
    const net = cut(1, "crop_size: 9");
    await expect(net.forward()).rejects.toThrow(
      /wide: key "00000000": transform_param.crop_size is 9, and a record is 1×3×4/,
    );
    net.close();
  });
});

describe("Data, of encoded images", () => {
  const root = new URL("../../golden/cases/data/", import.meta.url).pathname;
  const encoded = (name: string, transform: string, param = ""): Net =>
    netOf(
      `layer { name: "t" type: "Data" top: "y" top: "label" data_param { source: "${name}/db" batch_size: 2 ${param} } transform_param { ${transform} } }`,
      { root, phase: "TEST" },
    );

  test.each([
    ["db_encoded_png_0", "", "", 3],
    ["db_encoded_png_0", "force_gray: true", "", 1],
    ["db_encoded_gray_0", "", "", 1],
    ["db_encoded_gray_0", "force_color: true", "", 3],
    ["db_encoded_gray_0", "", "force_encoded_color: true", 3],
  ])("%s with %s %s has the channels asked for", async (name, transform, param, channels) => {
    const net = encoded(name, transform, param);
    expect(net.blob("y").shape[1]).toBe(channels);
    await net.forward();
    expect(net.blob("y").shape[1]).toBe(channels);
    net.close();
  });

  test("refuses color and grey at once", () => {
    expect(() => encoded("db_encoded_gray_0", "force_color: true force_gray: true")).toThrow(
      "transform_param has force_color and force_gray. Cannot set both.",
    );
  });

  test("reads LevelDB, whatever backend says", async () => {
    const net = netOf(
      'layer { name: "t" type: "Data" top: "y" data_param { source: "db_leveldb_crop_0/db" batch_size: 1 backend: LMDB } }',
      { root },
    );
    await net.forward();
    expect(net.blob("y").shape[0]).toBe(1);
    net.close();
  });
});
