import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { readDatasets } from "../../../src/io/hdf5/hdf5.ts";
import type { Net } from "../../../src/net/net.ts";
import type { NetOptions } from "../../../src/net/options.ts";
import { isLong } from "../../support/long.ts";
import { forward, layerNet } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const root = temporaryFolder();

const output = (
  file: string,
  shapes: readonly (readonly number[])[] = [[2, 3], [2]],
  options: Partial<NetOptions> = {},
): Net =>
  layerNet(
    `type: "HDF5Output" bottom: "a" bottom: "b" hdf5_output_param { file_name: "${file}" }`,
    shapes,
    { root, ...options },
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

test("a net that never ran writes nothing", async () => {
  output("none.h5").close();
  const waiting = output("none.h5");
  await waiting.layers.at(-1)?.ready();
  waiting.close();
  expect(readdirSync(root).filter((name) => name.includes("none"))).toEqual([]);
});

test("in double precision it writes doubles", async () => {
  const net = output("double.h5", [[1, 2], [1]], { dtype: "f64" });
  await forward(net, [1 / 3, 2 / 3], [0.1]);
  net.close();
  expect(readDatasets(join(root, "double.h5"), ["data"])[0]?.data).toEqual(
    Float64Array.of(1 / 3, 2 / 3),
  );
});

test("two nets of one process that write one file do not disturb each other: the last one closed stays", async () => {
  const nets = [output("same.h5"), output("same.h5")];
  for (const [i, net] of nets.entries()) await forward(net, new Array(6).fill(i), [i, i]);
  for (const net of nets) net.close();
  const [label] = readDatasets(join(root, "same.h5"), ["label"]);
  expect([...(label?.data ?? [])]).toEqual([1, 1]);
});

const index = new URL("../../../dist/index.js", import.meta.url);

describe.skipIf(!existsSync(index))("in a process of its own", () => {
  const program = (passes: number, end: string): ReturnType<typeof spawnSync> => {
    const script = `
      const { Net } = await import(${JSON.stringify(index.href)});
      const net = new Net(${JSON.stringify(join(root, "net.prototxt"))}, { phase: "TEST" });
      let first = 0;
      for (let pass = 0; pass < ${passes}; pass++) {
        await net.forward();
        if (pass === 31) first = process.resourceUsage().maxRSS;
      }
      ${end}`;
    return spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: root,
      encoding: "utf8",
      timeout: 60_000,
    });
  };
  const leftovers = (): string[] => readdirSync(root).filter((name) => name.startsWith(".long"));

  beforeAll(() =>
    writeFileSync(
      join(root, "net.prototxt"),
      `layer { name: "d" type: "DummyData" top: "a" top: "b" dummy_data_param { shape { dim: 64 dim: 4096 } shape { dim: 64 } } }
       layer { name: "o" type: "HDF5Output" bottom: "a" bottom: "b" hdf5_output_param { file_name: "long.h5" } }`,
    ),
  );

  test("killed, it leaves a whole file of an earlier pass, and the next run removes the rest", () => {
    expect(program(7, 'process.kill(process.pid, "SIGKILL");').signal).toBe("SIGKILL");
    expect(readDatasets(join(root, "long.h5"), ["label"])[0]?.shape).toEqual([256, 1, 1, 1]);
    expect(leftovers().length).toBe(1);
    expect(program(1, "net.close();").status).toBe(0);
    expect(readDatasets(join(root, "long.h5"), ["label"])[0]?.shape).toEqual([64, 1, 1, 1]);
    expect(leftovers()).toEqual([]);
  });

  test.skipIf(!isLong)("takes no more memory for 200 MiB than for 32", () => {
    const { stdout, stderr, status } = program(
      200,
      "net.close(); console.log((process.resourceUsage().maxRSS - first) / 1024);",
    );
    expect([status, stderr]).toEqual([0, expect.not.stringContaining("rror")]);
    expect(Number(stdout)).toBeLessThan(48);
    rmSync(join(root, "long.h5"));
  });
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
  expect(() => output("x.h5", undefined, { shard: { rank: 1, count: 2 } })).toThrow(
    "every rank of mpirun would write x.h5.",
  );
  expect(() => output("")).toThrow("has no file_name. Expected the file to write");
  expect(() => output("x.h5", [[2, 3], [3]])).toThrow("must have the same batch size");
  expect(() => output("x.h5", [[2, 1, 1, 1, 1], [2]])).toThrow("Expected at most 4");
  const nowhere = output("no/such/folder.h5");
  await expect(forward(nowhere, [1, 2, 3, 4, 5, 6], [7, 8])).rejects.toThrow("folder.h5");
});
