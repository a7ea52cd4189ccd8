import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import { encodeHdf5, readDatasets, readHdf5 } from "../../../src/io/hdf5/hdf5.ts";
import { Hdf5Thread } from "../../../src/io/hdf5/thread.ts";
import type { Hdf5Tree } from "../../../src/io/hdf5/tree.ts";
import { hdf5SolverState, readSolverState } from "../../../src/io/weights/solver-state.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

const built = pathToFileURL(resolve("dist/io/hdf5/hdf5.js")).href;
const STATE = "tests/golden/cases/solvers/sgd_10_batchnorm_shared/snap_iter_5.solverstate.h5";

const bytesOf = (tree: Hdf5Tree): Buffer => Buffer.concat(encodeHdf5(tree));

const tree: Hdf5Tree = {
  iter: 7,
  learned_net: "a/b_iter_7.caffemodel.h5",
  history: {
    0: { shape: [2, 3], data: Float32Array.of(1, -2, 3.5, Number.NaN, Infinity, -0) },
    1: { shape: [1], data: Float64Array.of(0.1) },
    nested: { deeper: { x: { shape: [2], data: Float32Array.of(4, 5) } } },
  },
  empty: {},
};

describe("HDF5", () => {
  test("what is written is read: arrays, whole numbers, texts, groups in groups", () => {
    const read = readHdf5(bytesOf(tree), "t.h5");
    expect(read["learned_net"]).toBe("a/b_iter_7.caffemodel.h5");
    expect(read["iter"]).toEqual({ shape: [1], data: Float64Array.of(7) });
    expect(read["history"]).toEqual(tree["history"]);
    expect(Object.keys(read)).toEqual(["empty", "history", "iter", "learned_net"]);
  });

  test.skipIf(!existsSync(resolve("dist/io/hdf5/hdf5.js")))(
    "the same tree gives the same bytes at any time, in the form that the oldest readers know",
    async () => {
      const { encodeHdf5 } = (await import(built)) as typeof import("../../../src/io/hdf5/hdf5.ts");
      const bytes = Buffer.concat(encodeHdf5(tree));
      const { now } = Date;
      await new Promise((done) => setTimeout(done, 1100));
      expect(Buffer.concat(encodeHdf5(tree)).equals(bytes)).toBe(true);
      expect(Date.now).toBe(now);
      // The version of the superblock.
      expect(bytes[8]).toBe(0);
    },
  );

  test("what the library would lose without a word is an error", () => {
    const lost = { "a/b": { shape: [1], data: Float32Array.of(1) } };
    expect(() => encodeHdf5(lost)).toThrow(/component not found|doesn't exist/);
  });

  test("leaves nothing in the file system", () => {
    readHdf5(bytesOf(tree), "t.h5");
    for (const name of ["/file.h5", "file.h5", "/t.h5"]) expect(existsSync(name)).toBe(false);
  });

  test("datasets are found by name, and a missing one is named beside those that are there", () => {
    const path = join(folder, "d.h5");
    writeFileSync(path, bytesOf({ data: { shape: [2], data: Float32Array.of(1, 2) }, t: "x" }));
    expect(readDatasets(path, ["data"])[0]?.data).toEqual(Float32Array.of(1, 2));
    expect(() => readDatasets(path, ["label"])).toThrow(
      'd.h5: it has no dataset "label". Expected one of that name; it has data, t.',
    );
    expect(() => readDatasets(path, ["t"])).toThrow("t is a text. Expected floats");
  });
});

describe("a hostile file", () => {
  /** Reads a file in a process of its own; what it said, and the most memory it had, in bytes. */
  const readApart = (path: string): { said: string; most: number } => {
    const script = `
      import { readFileSync } from "node:fs";
      import { readHdf5 } from ${JSON.stringify(built)};
      try { readHdf5(readFileSync(${JSON.stringify(path)}), "h.h5"); console.log("read"); }
      catch (error) { console.log(error.name + ": " + error.message); }
      console.log(process.resourceUsage().maxRSS * 1024);`;
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      ["--input-type=module", "-e", script],
      { encoding: "utf8" },
    );
    expect([status, stderr]).toEqual([0, ""]);
    const [said = "", most = ""] = stdout.trim().split("\n");
    return { said, most: Number(most) };
  };

  // Found by fuzzing (FUZZ_SEED=4242, number 1847): the library took 2 GB of memory and seconds for it.
  test("a heap that says it is a gigabyte large gets no gigabyte", () => {
    const bytes = readFileSync(
      "tests/golden/cases/solvers/adagrad_02_clip_itersize/snap_iter_5.solverstate.h5",
    );
    bytes[2008] = 0x40;
    const path = join(folder, "heap.h5");
    writeFileSync(path, bytes);
    const honest = readApart(resolve(STATE));
    expect(honest.said).toBe("read");
    const { most } = readApart(path);
    expect(most).toBeLessThan(honest.most + 150e6);
  });

  test("its complaints go nowhere but into the error", () => {
    const path = join(folder, "cut.h5");
    writeFileSync(path, readFileSync(STATE).subarray(0, 3000));
    expect(readApart(path).said).toMatch(
      /^FormatError: h\.h5: it cannot be read as HDF5; it is damaged or cut short/,
    );
  });

  test("is given up where it takes too long, and the next one is read", () => {
    const thread = new Hdf5Thread(new URL("./worker.js", built));
    const order = { source: STATE, base: 0, names: undefined };
    // The thread cannot even have started.
    expect(() => thread.run(order, 0, 1)).toThrow("the HDF5 library was not done after 0 s.");
    expect(thread.run(order, 0, 30_000)).toHaveProperty("tree.iter");
    const broken = { source: Uint8Array.of(1), base: 0, names: undefined };
    expect(thread.run(broken, 0, 30_000)).toHaveProperty("error");
  });
});

test("a thread that is woken for nothing goes on waiting for its answer", () => {
  const worker = join(folder, "wakes.mjs");
  writeFileSync(
    worker,
    `import { workerData } from "node:worker_threads";
     const { port, signal } = workerData;
     port.on("message", () => {
       Atomics.notify(signal, 0);
       setTimeout(() => {
         port.postMessage({ tree: { late: "yes" } });
         Atomics.add(signal, 0, 1);
         Atomics.notify(signal, 0);
       }, 50);
     });`,
  );
  const thread = new Hdf5Thread(pathToFileURL(worker));
  expect(thread.run({ tree: {} }, 0, 30_000)).toEqual({ tree: { late: "yes" } });
});

describe("a .solverstate in HDF5", () => {
  const value = {
    iter: 3,
    learned_net: "m.caffemodel.h5",
    current_step: 1,
    history: [{ shape: [2], data: Float32Array.of(1, 2) }],
  };

  test("what is written is read", () => {
    const path = join(folder, "state.h5");
    writeFileSync(path, bytesOf(hdf5SolverState(value)));
    expect(readSolverState(path)).toMatchObject(value);
  });

  test.each([
    [{ learned_net: "x" }, "it has no iter, or no history. Expected a .solverstate.h5"],
    [
      { iter: 1, history: { 1: { shape: [1], data: Float32Array.of(1) } } },
      "history/0 is not there",
    ],
    [{ iter: -1, history: {} }, "iter is -1. Expected a whole number, 0 or more"],
    [
      { iter: { shape: [1], data: Float32Array.of(1.5) }, history: {} },
      "iter is 1.5. Expected a whole number",
    ],
  ] as [Hdf5Tree, string][])("one that is none is refused", (broken, message) => {
    const path = join(folder, "broken.h5");
    writeFileSync(path, bytesOf(broken));
    expect(() => readSolverState(path)).toThrow(message);
  });
});
