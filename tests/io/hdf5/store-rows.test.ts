import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readDatasets } from "../../../src/io/hdf5/hdf5.ts";
import type { StoredRows } from "../../../src/io/hdf5/row-file.ts";
import { storeRows } from "../../../src/io/hdf5/store-rows.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

function rows(values: number[], shape: number[] = [2], from?: number): StoredRows {
  const array = Float32Array.from(values);
  return { name: "data", shape, perChunk: 3, values: array, ...(from !== undefined && { from }) };
}

function stored(path: string): [number[], number[]] {
  const [array] = readDatasets(path, ["data"]);
  return [[...(array?.shape ?? [])], [...(array?.data ?? [])]];
}

describe("storeRows", () => {
  test("makes a file, adds to it, and writes over rows that are there", () => {
    const path = join(folder, "a.h5");
    expect(storeRows(path, "new", [rows([1, 2, 3, 4])])).toEqual([[2, 2]]);
    expect(storeRows(path, "add", [rows([5, 6])])).toEqual([[3, 2]]);
    expect(storeRows(path, "add", [rows([7, 8, 9, 10], [2], 2)])).toEqual([[4, 2]]);
    expect(storeRows(path, "add", [rows([0, -1], [2], 0)])).toEqual([[4, 2]]);
    expect(stored(path)).toEqual([
      [4, 2],
      [0, -1, 3, 4, 7, 8, 9, 10],
    ]);
    expect(readdirSync(folder)).toEqual(["a.h5"]);
  });

  test("rows of no and of single numbers", () => {
    const path = join(folder, "b.h5");
    expect(storeRows(path, "new", [rows([], [])])).toEqual([[0]]);
    expect(storeRows(path, "add", [rows([3, 4], [])])).toEqual([[2]]);
    expect(stored(path)).toEqual([[2], [3, 4]]);
  });

  test("what cannot be added is refused, and the file stays as it was", () => {
    const path = join(folder, "c.h5");
    storeRows(path, "new", [rows([1, 2])]);
    const add = (array: StoredRows) => () => storeRows(path, "add", [array]);
    expect(add(rows([1, 2, 3], [3]))).toThrow(/"data" has rows \(2\).*\(3\) are given/);
    expect(add({ ...rows([1, 2]), name: "label" })).toThrow(/no dataset "label"/);
    expect(stored(path)).toEqual([
      [1, 2],
      [1, 2],
    ]);
    writeFileSync(join(folder, "text"), "no HDF5");
    expect(() => storeRows(join(folder, "text"), "add", [])).toThrow(/not an HDF5 file/);
    expect(() => storeRows(join(folder, "none"), "add", [])).toThrow(/not an HDF5 file/);
    expect(() => storeRows(join(folder, "none", "a.h5"), "new", [])).toThrow(/cannot be written/);
  });
});
