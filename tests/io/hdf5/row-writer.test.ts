import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readDatasets, readHdf5 } from "../../../src/io/hdf5/hdf5.ts";
import { Hdf5RowWriter } from "../../../src/io/hdf5/row-writer.ts";
import { arrayIn, groupIn } from "../../../src/io/hdf5/tree.ts";
import { isLong } from "../../support/long.ts";
import { noise } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

/** Writes rows of noise and gives all of them. */
async function write(
  path: string,
  name: string,
  rows: number,
  shape: readonly number[],
): Promise<Float32Array> {
  const size = shape.reduce((a, b) => a * b, 1);
  const values = Float32Array.from(noise(rows * size, 3));
  const writer = await Hdf5RowWriter.create(path, [name]);
  for (let i = 0; i < rows; i++) writer.put(name, values.subarray(i * size, (i + 1) * size), shape);
  writer.finish();
  return values;
}

describe("Hdf5RowWriter", () => {
  test.each<[string, number, number[]]>([
    ["a part of a chunk", 5, [3, 2, 2]],
    ["whole chunks and a part", 1001, [64]],
    ["rows larger than a chunk", 3, [20_000]],
    ["single numbers", 70_000, []],
  ])("writes %s that are read again", async (what, rows, shape) => {
    const path = join(folder, `${what}.h5`);
    const values = await write(path, "fc", rows, shape);
    const [array] = readDatasets(path, ["fc"]);
    expect(array?.shape).toEqual([rows, ...shape]);
    expect(
      Buffer.compare(Buffer.from(array?.data.buffer as ArrayBuffer), Buffer.from(values.buffer)),
    ).toBe(0);
  });

  test("the same rows give the same bytes, and nothing is left beside the file", async () => {
    const paths = ["a.h5", "b.h5"].map((name) => join(folder, name));
    for (const path of paths) {
      await write(path, "fc", 300, [100]);
      await new Promise((done) => setTimeout(done, 1100));
    }
    const [a, b] = paths.map((path) => readFileSync(path)) as [Buffer, Buffer];
    expect(a.equals(b)).toBe(true);
    expect(readdirSync(folder).filter((name) => name.includes("tmp"))).toEqual([]);
  });

  test("a name with slashes leads through groups", async () => {
    const path = join(folder, "groups.h5");
    await write(path, "inception_3a/output", 2, [4]);
    const group = groupIn(readHdf5(readFileSync(path), path)["inception_3a"]);
    expect(group?.["output"]).toMatchObject({ shape: [2, 4] });
  });

  test("holds several datasets, and a copy has the name while more rows come", async () => {
    const path = join(folder, "shared.h5");
    const writer = await Hdf5RowWriter.create(path, ["a", "b", "none"]);
    const shapes = (): unknown => {
      const tree = readHdf5(readFileSync(path), path);
      return Object.entries(tree).map(([name, node]) => [name, arrayIn(node)?.shape]);
    };
    for (let i = 0; i < 3; i++) writer.put("a", Float32Array.of(i, -i), [2]);
    writer.put("b", Float64Array.of(1 / 3), []);
    writer.share();
    expect(shapes()).toEqual([
      ["a", [3, 2]],
      ["b", [1]],
    ]);
    writer.put("a", Float32Array.of(3, -3), [2]);
    writer.finish();
    expect(shapes()).toEqual([
      ["a", [4, 2]],
      ["b", [1]],
      ["none", [0]],
    ]);
    const [a, b] = readDatasets(path, ["a", "b"]);
    expect(a?.data).toEqual(Float32Array.of(0, -0, 1, -1, 2, -2, 3, -3));
    expect(b?.data).toEqual(Float64Array.of(1 / 3));
  });

  test("an abandoned file leaves nothing", async () => {
    const path = join(folder, "abandoned.h5");
    const writer = await Hdf5RowWriter.create(path, ["fc"]);
    writer.put("fc", Float32Array.of(1, 2), [2]);
    expect(() => writer.put("fc", Float32Array.of(1), [1])).toThrow(
      "a row is (1), and the first (2). Expected rows of one shape",
    );
    writer.abandon();
    expect(readdirSync(folder).filter((name) => name.includes("abandoned"))).toEqual([]);
  });

  test("a folder that is not there is refused", async () => {
    await expect(Hdf5RowWriter.create(join(folder, "no/x.h5"), ["fc"])).rejects.toThrow(
      "cannot be written: no such file or directory",
    );
  });
});

const built = new URL("../../../dist/io/hdf5/row-writer.js", import.meta.url);

describe.skipIf(!existsSync(built))("a process of its own", () => {
  /** Writes so many MiB in rows of 16 KiB; under a limit of the file's blocks of 1 KiB, if there is one. */
  const run = (path: string, mebibytes: number, limit = "unlimited") => {
    const script = `
      const { Hdf5RowWriter } = await import(${JSON.stringify(built.href)});
      const writer = await Hdf5RowWriter.create(${JSON.stringify(path)}, ["fc"]);
      const row = new Float32Array(4096).fill(1);
      let most = 0;
      try {
        for (let i = 0; i < ${64 * mebibytes}; i++) {
          writer.put("fc", row, [4096]);
          if (i === 64) most = process.resourceUsage().maxRSS;
        }
        writer.finish();
      } catch (error) { writer.abandon(); console.log(error.message); process.exit(1); }
      console.log((process.resourceUsage().maxRSS - most) / 1024);`;
    const command = `ulimit -f ${limit}; exec ${process.execPath} --input-type=module -e "$SCRIPT"`;
    const env = { ...process.env, SCRIPT: script };
    return spawnSync("bash", ["-c", command], { encoding: "utf8", env, timeout: 60_000 });
  };

  test.skipIf(!isLong)("takes no more memory for 256 MiB than for the first", () => {
    const { stdout, stderr, status } = run(join(folder, "large.h5"), 256);
    expect([status, stderr]).toEqual([0, ""]);
    expect(Number(stdout)).toBeLessThan(64);
    rmSync(join(folder, "large.h5"));
  });

  test("says that the disk is full, and leaves nothing", () => {
    const path = join(folder, "full.h5");
    const { stdout, stderr, status } = run(path, 32, "20000");
    expect([stdout, stderr, status]).toEqual([
      `"${path}" cannot be written: the file would be larger than the system allows.\n`,
      "",
      1,
    ]);
    expect(readdirSync(folder).filter((name) => name.includes("full"))).toEqual([]);
  });
});
