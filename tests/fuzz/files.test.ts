import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import {
  AsFloat,
  type FileContent,
  ints,
  noisy,
  onnxFile,
  positive,
} from "../support/onnx-file.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { damaged, damagedText } from "./damage.ts";

/*
 * Damaged files of every kind: whatever is read ends in a CaffeError or in a value, soon, and without asking for memory
 * that the file does not vouch for. `npm run fuzz` does more of them; FUZZ_SEED and FUZZ_RUNS choose which and how many.
 */
const SEED = Number(process.env["FUZZ_SEED"] ?? 1701);
const RUNS = Number(process.env["FUZZ_RUNS"] ?? 250);
/** Damaging leaves a file about as large as it is; reading may take this much more, and room for what is fixed. */
const FACTOR = 32;
const FIXED = 32 * 2 ** 20;
/** What one file may take on a busy machine. */
const LONGEST_MS = 5_000;

/** The built modules, in which HDF5 runs in its thread as it does for users. */
const built = async <T>(module: string): Promise<T> =>
  (await import(/* @vite-ignore */ pathToFileURL(resolve("dist", module)).href)) as T;
const { decodeCaffemodel } = await built<typeof import("../../src/io/weights/caffemodel.ts")>(
  "io/weights/caffemodel.js",
);
const { readSolverState } = await built<typeof import("../../src/io/weights/solver-state.ts")>(
  "io/weights/solver-state.js",
);
const { readHdf5 } = await built<typeof import("../../src/io/hdf5/hdf5.ts")>("io/hdf5/hdf5.js");
const { parsePrototxt } =
  await built<typeof import("../../src/io/text/prototxt.ts")>("io/text/prototxt.js");
const { upgradeNet, upgradeSolver } =
  await built<typeof import("../../src/io/upgrade/upgrade.ts")>("io/upgrade/upgrade.js");
const { readNetBinary } = await built<typeof import("../../src/io/weights/net-binary.ts")>(
  "io/weights/net-binary.js",
);
const { importModel } = await built<typeof import("../../src/onnx/import/from-onnx.ts")>(
  "onnx/import/from-onnx.js",
);
const { readOverview } = await built<typeof import("../../src/onnx/overview/overview.ts")>(
  "onnx/overview/overview.js",
);
const { CaffeError } = await built<typeof import("../../src/util/errors.ts")>("util/errors.js");

const SOLVERS = "tests/golden/cases/solvers";
const cases = readdirSync(SOLVERS).map((name) => join(SOLVERS, name));
const files = (ending: string): string[] =>
  cases.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(ending))
      .map((name) => join(folder, name)),
  );

const folder = temporaryFolder();

/** Reads bytes as what takes a file's path reads them. */
const fromFile = (read: (path: string) => unknown) => (bytes: Buffer) => {
  const path = join(folder, "damaged");
  writeFileSync(path, bytes);
  return read(path);
};

/** Files of ONNX that have some of everything: operators of many kinds, constants, open lengths. */
function onnxFiles(): string[] {
  const constants = { w: noisy([4, 3, 3, 3]), b: noisy([4]), v: noisy([2, 4]), s: ints(0, -1) };
  const nets: readonly FileContent[] = [
    {
      inputs: { x: ["batch", 3, 8, 8] },
      outputs: ["prob"],
      constants,
      nodes: [
        ["Conv", ["x", "w", "b"], ["c"], { pads: [1, 1, 1, 1], strides: [2, 2] }],
        ["LeakyRelu", ["c"], ["r"], { alpha: new AsFloat(0.1) }],
        ["GlobalAveragePool", ["r"], ["g"]],
        ["Reshape", ["g", "s"], ["f"]],
        ["Gemm", ["f", "v"], ["y"], { transB: 1 }],
        ["Softmax", ["y"], ["prob"], { axis: 1 }],
      ],
    },
    {
      inputs: { x: [2, 4, 6, 6] },
      outputs: ["y", "m"],
      constants: { p: positive([4]), k: ints(1, 4), z: noisy([4]) },
      nodes: [
        ["BatchNormalization", ["x", "z", "z", "z", "p"], ["n"], { epsilon: 1e-5 }],
        ["MaxPool", ["n"], ["a"], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }],
        [
          "AveragePool",
          ["n"],
          ["b"],
          { kernel_shape: [2, 2], strides: [2, 2], auto_pad: "SAME_UPPER" },
        ],
        ["Add", ["a", "b"], ["c"]],
        ["Concat", ["c", "a"], ["d"], { axis: 1 }],
        ["Transpose", ["d"], ["y"], { perm: [0, 2, 3, 1] }],
        ["ReduceMean", ["d"], ["m"], { axes: [2, 3], keepdims: 0 }],
      ],
    },
  ];
  return nets.map((net, i) => {
    const path = join(folder, `net${i}.onnx`);
    writeFileSync(path, onnxFile(net));
    return path;
  });
}

/** Bytes that this thread holds outside files. */
const held = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

/** Reads RUNS damaged copies of the files and gives how many were refused. */
function fuzz(
  sources: readonly string[],
  read: (path: string, number: number) => { readonly size: number; readonly work: () => unknown },
): number {
  let refused = 0;
  for (let number = 0; number < RUNS; number++) {
    const path = sources[number % sources.length]!;
    const where = `${path}, FUZZ_SEED=${SEED}, number ${number}`;
    const { size, work } = read(path, number);
    const [before, startedAt] = [held(), performance.now()];
    try {
      work();
    } catch (error) {
      expect(error, `${where}: ${(error as Error)?.stack}`).toBeInstanceOf(CaffeError);
      refused++;
    }
    expect(performance.now() - startedAt, where).toBeLessThan(LONGEST_MS);
    expect(held() - before, where).toBeLessThan(FACTOR * size + FIXED);
  }
  return refused;
}

const bytesOf = new Map<string, Buffer>();
const original = (path: string): Buffer => {
  const bytes = bytesOf.get(path) ?? readFileSync(path);
  bytesOf.set(path, bytes);
  return bytes;
};

describe(`${RUNS} damaged files of each kind, seed ${SEED}`, () => {
  const binary = (sources: readonly string[], decode: (bytes: Buffer, name: string) => unknown) => {
    expect(sources.length).toBeGreaterThan(0);
    for (const path of sources) decode(original(path), path);
    const refused = fuzz(sources, (path, number) => {
      const bytes = damaged(original(path), SEED, number);
      return { size: bytes.length, work: () => decode(bytes, path) };
    });
    // Damage to a number in the weights is no damage to the file; damage elsewhere is seen.
    expect(refused).toBeGreaterThan(RUNS / 10);
  };

  test("a damaged caffemodel is read, or is an error of its own", () => {
    binary([...files(".caffemodel"), "tests/golden/upgrade/v1.caffemodel"], decodeCaffemodel);
  });

  test("a damaged caffemodel is that for the upgrade tool too", () => {
    binary(
      ["tests/golden/upgrade/v1.caffemodel", ...files(".caffemodel")],
      fromFile((path) => readNetBinary(path, () => {})),
    );
  });

  test("a damaged solverstate is an error", () => {
    binary(files(".solverstate"), fromFile(readSolverState));
  });

  test("a damaged caffemodel in HDF5 is an error", () => {
    binary(files(".caffemodel.h5"), decodeCaffemodel);
  });

  test("a damaged solverstate in HDF5 is an error", () => {
    binary(files(".solverstate.h5"), fromFile(readSolverState));
  });

  test("damaged HDF5 of data is an error", () => {
    binary(
      files(".h5").filter((path) => /part\d+\.h5$/.test(path)),
      (bytes, name) => readHdf5(bytes, name),
    );
  });

  test("a damaged file of ONNX is read, or is an error of its own", () => {
    const sources = onnxFiles();
    binary(sources, importModel);
    binary(sources, fromFile(readOverview));
  });

  const text = (
    message: "NetParameter" | "SolverParameter",
    sources: readonly string[],
    upgrade: (parsed: never) => unknown,
  ): void => {
    const read = (content: string, name: string): unknown =>
      upgrade(parsePrototxt(message, content, name) as never);
    expect(sources.length).toBeGreaterThan(0);
    for (const path of sources) read(original(path).toString(), path);
    const refused = fuzz(sources, (path, number) => {
      const content = damagedText(original(path).toString(), SEED, number);
      return { size: content.length, work: () => read(content, path) };
    });
    expect(refused).toBeGreaterThan(RUNS / 10);
  };

  test("prototxt of nets, old and new", () => {
    const nets = ["v0-old", "v1-old"].map((name) => `tests/golden/upgrade/${name}.prototxt`);
    const sources = [...nets, ...files("net.prototxt"), "models/lenet/lenet_train_test.prototxt"];
    text("NetParameter", sources, (net) => upgradeNet(net, "n", () => {}));
  });

  test("a damaged prototxt of a solver is an error", () => {
    const sources = [...files("solver.prototxt"), "tests/golden/upgrade/solver-old.prototxt"];
    text("SolverParameter", sources, (solver) => upgradeSolver(solver, "s", () => {}));
  });
}, 600_000);
