import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { MemoryDataLayer } from "../../../src/layers/data/memory-data.ts";
import { repeatedRecords } from "../../../src/net/evaluation/repeated-records.ts";
import { Solver } from "../../../src/solvers/solver.ts";
import { referenceEngines } from "../../support/engines.ts";
import { hdf5File } from "../../support/hdf5.ts";
import { netOf } from "../../support/nets.ts";
import { square, writeRecords } from "../../support/record-plans.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const root = temporaryFolder();
const DATA = 'type: "Data" data_param { source: "five" backend: LMDB batch_size: 2 }';

beforeAll(async () => {
  await writeRecords(
    join(root, "five"),
    [0, 1, 2, 3, 4].map((label) => square(2, label)),
  );
  writeFileSync(join(root, "a.pgm"), "P2 1 1 255 7\n");
  writeFileSync(join(root, "six.txt"), "a.pgm 0\n".repeat(6));
  writeFileSync(join(root, "pairs.txt"), "a.pgm a.pgm\n".repeat(6));
  const rows = { data: new Float32Array(4), shape: [4, 1] };
  writeFileSync(join(root, "four.h5"), hdf5File("x", rows));
  writeFileSync(join(root, "one.txt"), "four.h5\n");
  writeFileSync(join(root, "two.txt"), "four.h5\nfour.h5\n");
});

/** What is said of a test of so many batches of a layer. */
const told = (layer: string, batches: number, tops = 'top: "x"'): readonly string[] => {
  const net = netOf(`layer { name: "d" ${tops} ${layer} }`, { root, phase: "TEST" });
  const messages = repeatedRecords(net, batches, (n) => `--iterations=${n}`);
  net.close();
  return messages;
};

describe("records that a test counts more than once", () => {
  test.each([
    ["a database", DATA, 4, "8 records", 5, "3 count", "2, which leaves out 1, or batch_size: 1"],
    [
      "a list",
      'top: "t" type: "ImageData" image_data_param { source: "six.txt" batch_size: 3 is_color: false }',
      ...([3, "9 records", 6, "3 count", "2."] as const),
    ],
    [
      "rows",
      'type: "HDF5Data" hdf5_data_param { source: "one.txt" batch_size: 6 }',
      ...([1, "6 records", 4, "2 count", "1."] as const),
    ],
  ])("%s: told with what to give", (_what, layer, batches, read, held, more, advice) => {
    const [message = ""] = told(layer, batches);
    expect(message).toContain(`are ${read}, and layer "d" has ${held}: ${more} more than once.`);
    expect(message).toContain(`--iterations=${advice}`);
  });

  test("pairs of images, and arrays of a program", () => {
    const seg =
      'type: "ImageSegData" image_data_param { source: "pairs.txt" batch_size: 4 is_color: false label_type: PIXEL }';
    expect(told(seg, 2, 'top: "x" top: "t"')[0]).toContain(
      "Give --iterations=1, which leaves out 2, or batch_size: 3 and --iterations=2.",
    );
    const net = netOf(
      'layer { name: "d" type: "MemoryData" top: "x" top: "t" memory_data_param { batch_size: 2 channels: 1 height: 1 width: 1 } }',
    );
    const say = (): readonly string[] => repeatedRecords(net, 3, (n) => `test_iter: ${n}`);
    expect(say()).toEqual([]);
    const [layer] = net.layers;
    if (!(layer instanceof MemoryDataLayer)) throw new Error("no MemoryData");
    layer.reset([1, 2, 3, 4], [0, 0, 0, 0]);
    expect(say()[0]).toContain("Give test_iter: 2.");
    net.close();
  });

  test("one pass, data that is no file's, and rows of files not read yet are not told of", () => {
    expect(told(DATA, 2)).toEqual([]);
    expect(told('type: "DummyData" dummy_data_param { shape { dim: 1 } }', 1000)).toEqual([]);
    expect(told('type: "HDF5Data" hdf5_data_param { source: "two.txt" batch_size: 6 }', 9)).toEqual(
      [],
    );
  });

  test("a solver warns once for each test net", async () => {
    const said: string[] = [];
    const solver = new Solver(
      {
        net_param: {
          layer: [
            {
              name: "d",
              type: "Data",
              top: ["x"],
              data_param: { source: "five", backend: "LMDB", batch_size: 5 },
            },
          ],
        },
        ...{ base_lr: 0.1, lr_policy: "fixed", max_iter: 2, test_iter: [3], test_interval: 1 },
        snapshot_after_train: false,
      },
      { engines: referenceEngines, root, log: (_s, _f, message) => said.push(message) },
    );
    await solver.solve();
    solver.close();
    expect(said.filter((line) => line.includes("more than once"))).toEqual([
      'test net #0: 3 batches of 5 are 15 records, and layer "d" has 5: 10 count more than once. Give test_iter: 1.',
    ]);
  });
});
