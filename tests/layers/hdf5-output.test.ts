import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readDatasets } from "../../src/io/hdf5.ts";
import type { Net } from "../../src/net/net.ts";
import { forward, layerNet } from "../support/nets.ts";

const root = mkdtempSync(join(tmpdir(), "hdf5-output-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const output = (file: string, shapes: readonly (readonly number[])[] = [[2, 3], [2]]): Net =>
  layerNet(
    `type: "HDF5Output" bottom: "a" bottom: "b" hdf5_output_param { file_name: "${file}" }`,
    shapes,
    { root },
  );

test("HDF5Output writes data and label with four axes", async () => {
  const net = output("one.h5");
  await forward(net, [1, 2, 3, 4, 5, 6], [7, 8]);
  net.close();
  const [data, label] = readDatasets(join(root, "one.h5"), ["data", "label"]);
  expect(data).toEqual({ shape: [2, 3, 1, 1], data: Float32Array.of(1, 2, 3, 4, 5, 6) });
  expect(label).toEqual({ shape: [2, 1, 1, 1], data: Float32Array.of(7, 8) });
});

test("rows of every pass follow those of the pass before", async () => {
  const net = output("five.h5");
  for (let pass = 0; pass < 5; pass++) await forward(net, new Array(6).fill(pass), [pass, -pass]);
  // Written when the rows have doubled: a run that never closes its net has lost the last pass only.
  expect(readDatasets(join(root, "five.h5"), ["label"])[0]?.shape).toEqual([8, 1, 1, 1]);
  net.close();
  const [data, label] = readDatasets(join(root, "five.h5"), ["data", "label"]);
  expect(data?.shape).toEqual([10, 3, 1, 1]);
  expect(Array.from(label?.data ?? [])).toEqual([0, -0, 1, -1, 2, -2, 3, -3, 4, -4]);
});

test("a net that never ran writes nothing", () => {
  output("none.h5").close();
  expect(existsSync(join(root, "none.h5"))).toBe(false);
});

test("its gradients are zero", async () => {
  const net = output("zero.h5");
  await forward(net, [1, 2, 3, 4, 5, 6], [7, 8]);
  net.blob("a").diffMem.overwriteCpu().fill(9);
  await net.backward();
  expect([...net.blob("a").diffValues()]).toEqual([0, 0, 0, 0, 0, 0]);
  net.close();
});

test("HDF5Output says what is wrong", async () => {
  expect(() => output("")).toThrow("has no file_name. Expected the file to write");
  expect(() => output("x.h5", [[2, 3], [3]])).toThrow("must have the same batch size");
  expect(() => output("x.h5", [[2, 1, 1, 1, 1], [2]])).toThrow("Expected at most 4");
  const nowhere = output("no/such/folder.h5");
  await expect(forward(nowhere, [1, 2, 3, 4, 5, 6], [7, 8])).rejects.toThrow("folder.h5");
});
