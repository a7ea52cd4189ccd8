import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { writeHdf5 } from "../../../src/io/hdf5/hdf5.ts";
import type { Net } from "../../../src/net/net.ts";
import type { NetOptions } from "../../../src/net/options.ts";
import { netOf } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const root = temporaryFolder();

/** Two files of 3 and 2 rows; row i holds (i, i + 0.5) and its label is i. */
beforeAll(() => {
  const rows = (from: number, count: number): object => ({
    y: {
      shape: [count, 1, 2],
      data: Float32Array.from({ length: 2 * count }, (_, i) => from + i / 2),
    },
    label: { shape: [count], data: Float64Array.from({ length: count }, (_, i) => from + i) },
  });
  writeHdf5(join(root, "a.h5"), rows(0, 3) as never);
  writeHdf5(join(root, "b.h5"), rows(3, 2) as never);
  writeHdf5(join(root, "odd.h5"), {
    y: { shape: [2, 2], data: new Float32Array(4) },
    label: { shape: [1], data: new Float32Array(1) },
  });
  writeHdf5(join(root, "other.h5"), {
    y: { shape: [1, 3], data: new Float32Array(3) },
    label: { shape: [1], data: new Float32Array(1) },
  });
  writeFileSync(join(root, "list.txt"), "a.h5\nb.h5\n");
  writeFileSync(join(root, "empty.txt"), "\n");
  writeFileSync(join(root, "odd.txt"), "odd.h5\n");
  writeFileSync(join(root, "mixed.txt"), "a.h5\nother.h5\n");
  writeFileSync(join(root, "missing.txt"), "nowhere.h5\n");
});

const rowsNet = (param: string, options: Partial<NetOptions> = {}, more = ""): Net =>
  netOf(
    `layer { name: "t" type: "HDF5Data" top: "y" top: "label" hdf5_data_param { ${param} } ${more} }`,
    { root, ...options },
  );

async function labels(net: Net, batches = 1): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < batches; i++) {
    await net.forward();
    all.push(...net.blob("label").values());
  }
  return all;
}

describe("HDF5Data", () => {
  test("reads the dataset of each top, of any rank, from file to file and round again", async () => {
    const net = rowsNet('source: "list.txt" batch_size: 2');
    expect(net.blob("y").shape).toEqual([2, 1, 2]);
    expect(net.blob("label").shape).toEqual([2]);
    expect(await labels(net, 3)).toEqual([0, 1, 2, 3, 4, 0]);
    expect([...net.blob("y").values()]).toEqual([4, 4.5, 0, 0.5]);
  });

  test("shuffles files and rows anew in every pass, and every row comes once", async () => {
    const net = rowsNet('source: "list.txt" batch_size: 5 shuffle: true', { seed: 3 });
    const passes: number[][] = [];
    for (let pass = 0; pass < 6; pass++) passes.push(await labels(net));
    for (const pass of passes) expect([...pass].sort()).toEqual([0, 1, 2, 3, 4]);
    expect(new Set(passes.map(String)).size).toBeGreaterThan(3);
    expect(
      await labels(rowsNet('source: "list.txt" batch_size: 5 shuffle: true', { seed: 3 })),
    ).toEqual(passes[0]);
  });

  test("deals its rows out to the solvers that train side by side", async () => {
    const share = (rank: number): Promise<number[]> =>
      labels(rowsNet('source: "list.txt" batch_size: 2', { shard: { rank, count: 2 } }), 2);
    expect(await share(0)).toEqual([0, 2, 4, 1]);
    expect(await share(1)).toEqual([1, 3, 0, 2]);
  });

  test.each([false, true])(
    "goes on from its state as if never stopped; shuffle %s",
    async (shuffle) => {
      const text = `source: "list.txt" batch_size: 2 shuffle: ${shuffle}`;
      const first = rowsNet(text, { seed: 5 });
      await labels(first, 4);
      const resumed = rowsNet(text, { seed: 6 });
      await resumed.layers[0]?.restore(first.layers[0]?.state() ?? {});
      expect(await labels(resumed, 5)).toEqual(await labels(first, 5));
    },
  );

  test.each([
    ['source: "list.txt"', "hdf5_data_param.batch_size is 0. Expected 1 or more"],
    ["batch_size: 1", "hdf5_data_param has no source"],
    ['source: "no.txt" batch_size: 1', "no such file or directory"],
    ['source: "empty.txt" batch_size: 1', "Must have at least 1 HDF5 filename listed"],
    ['source: "missing.txt" batch_size: 1', "nowhere.h5"],
    ['source: "odd.txt" batch_size: 1', 'dataset "label" has shape (1). Expected 2 rows'],
  ])("refuses %s", (param, message) => {
    expect(() => rowsNet(param)).toThrow(message);
    expect(() => rowsNet(param)).toThrow('layer "t" (HDF5Data): ');
  });

  test("refuses transform_param, and files that do not fit together", async () => {
    const text = 'source: "mixed.txt" batch_size: 4';
    expect(() => rowsNet(text, {}, "transform_param { scale: 2 }")).toThrow(
      "HDF5Data does not transform data",
    );
    await expect(labels(rowsNet(text))).rejects.toThrow("Expected one shape");
  });
});
