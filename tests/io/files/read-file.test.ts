import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createLmdb } from "../../../src/io/db/lmdb/create.ts";
import { openLmdb } from "../../../src/io/db/lmdb/lmdb.ts";
import { checkWritable, writeFileAtomically } from "../../../src/io/files/atomic-file.ts";
import { readIdx } from "../../../src/io/lists/idx.ts";
import { decodeDatum, encodeDatum } from "../../../src/io/proto/datum.ts";
import { decodeCaffemodel, encodeCaffemodel } from "../../../src/io/weights/caffemodel.ts";
import { encodeSolverState, readSolverState } from "../../../src/io/weights/solver-state.ts";
import { CaffeError, FormatError } from "../../../src/util/errors.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

const model = (): Uint8Array =>
  Buffer.concat(
    encodeCaffemodel({
      name: "n",
      layer: [
        {
          name: "ip",
          type: "InnerProduct",
          bottom: ["a"],
          top: ["b"],
          pooling_param: { ceil_mode: true },
          blobs: [{ shape: { dim: [2, 3] }, data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
        },
      ],
    }),
  );

describe("caffemodel", () => {
  test("what is written is read", () => {
    const { name, layers } = decodeCaffemodel(model(), "m");
    expect(name).toBe("n");
    expect(layers).toEqual([
      {
        name: "ip",
        type: "InnerProduct",
        bottom: ["a"],
        top: ["b"],
        blobs: [{ shape: [2, 3], legacyShape: false, data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
      },
    ]);
  });

  test("every cut ends in an error with file and byte, or in fewer layers", () => {
    const bytes = model();
    for (let length = 0; length < bytes.length; length++) {
      try {
        expect(decodeCaffemodel(bytes.subarray(0, length), "m").layers.length).toBeLessThan(1);
      } catch (error) {
        expect(error).toBeInstanceOf(FormatError);
        expect((error as Error).message).toMatch(
          /^m: .* \(at byte \d+ of \d+\)\. Expected a \.caffemodel\.$/,
        );
      }
    }
  });

  test("an HDF5 file is told apart", () => {
    const bytes = Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a);
    expect(() => decodeCaffemodel(bytes, "m.h5")).toThrow("m.h5: it cannot be read as HDF5");
  });

  test("any bytes end in a CaffeError or a model, soon", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          decodeCaffemodel(bytes, "m");
        } catch (error) {
          expect(error).toBeInstanceOf(CaffeError);
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

test("solver state: what is written is read; a caffemodel is told apart", () => {
  const path = join(folder, "s.solverstate");
  writeFileAtomically(
    path,
    encodeSolverState({
      iter: 5,
      learned_net: "m.caffemodel",
      current_step: 2,
      history: [{ shape: [2], data: Float32Array.of(1, 2) }],
    }),
  );
  expect(readSolverState(path)).toMatchObject({
    iter: 5,
    learned_net: "m.caffemodel",
    current_step: 2,
    history: [{ shape: [2] }],
  });
  writeFileSync(path, model());
  expect(() => readSolverState(path)).toThrow(/s\.solverstate: .*(is it a \.caffemodel|damaged)/);
});

test("files appear whole or not at all", () => {
  const path = join(folder, "whole");
  writeFileAtomically(path, [Uint8Array.of(1), Uint8Array.of(2)]);
  expect([...readFileSync(path)]).toEqual([1, 2]);
  const failing = function* (): Generator<Uint8Array> {
    yield Uint8Array.of(9);
    throw new Error("interrupted");
  };
  expect(() => writeFileAtomically(path, failing())).toThrow('whole" cannot be written');
  expect([...readFileSync(path)]).toEqual([1, 2]);
  expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
  expect(() => checkWritable(join(folder, "none/such"))).toThrow("Cannot write to snapshot prefix");
});

describe("LMDB", () => {
  const make = async (name: string, count: number): Promise<string> => {
    const path = join(folder, name);
    const writer = createLmdb(path);
    for (let i = 0; i < count; i++)
      await writer.put(String(i).padStart(8, "0"), Uint8Array.of(i, 7));
    await writer.finish();
    return path;
  };

  test("what is written is read, in key order, from any place", async () => {
    const path = await make("db", 30);
    const db = openLmdb(path);
    expect(db.count).toBe(30);
    const cursor = db.cursor();
    expect(cursor.skip(28)).toBe(28);
    const firsts = Array.from({ length: 3 }, () => cursor.next()?.value[0]);
    expect(firsts).toEqual([28, 29, undefined]);
    db.close();
    expect(readdirSync(path)).toContain("data.mdb");
    expect(readFileSync(join(path, "data.mdb")).readUInt32LE(20)).toBe(1);
    expect(() => createLmdb(path)).toThrow("exists. Expected a new name");
  });

  test("an abandoned database leaves nothing", async () => {
    const path = join(folder, "gone");
    const writer = createLmdb(path);
    await writer.put("a", Uint8Array.of(1));
    await writer.abandon();
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.startsWith("gone"))).toEqual([]);
  });

  test("one that is cut short, of format 2, or no database is refused", async () => {
    const path = await make("bad", 3000);
    const file = join(path, "data.mdb");
    const whole = readFileSync(file);
    truncateSync(file, 20_000);
    expect(() => openLmdb(path)).toThrow("cut short");
    truncateSync(file, 10);
    expect(() => openLmdb(path)).toThrow("cut short");
    const second = Buffer.from(whole);
    second.writeUInt32LE(2, 20);
    writeFileSync(file, second);
    expect(() => openLmdb(path)).toThrow("of LMDB data format 2. Expected 1");
    writeFileSync(file, Buffer.alloc(10_000, 1));
    expect(() => openLmdb(path)).toThrow("does not begin as an LMDB database does");
    expect(() => openLmdb(join(folder, "nothing"))).toThrow("there is no");
  });
});

test("Datum: what is written is read; damage is refused", () => {
  const bytes = encodeDatum({
    channels: 1,
    height: 2,
    width: 3,
    data: Uint8Array.of(1, 2, 3, 4, 5, 6),
    label: 300,
  });
  expect(decodeDatum(bytes, "db")).toMatchObject({
    channels: 1,
    height: 2,
    width: 3,
    label: 300,
    encoded: false,
  });
  expect([...decodeDatum(bytes, "db").data]).toEqual([1, 2, 3, 4, 5, 6]);
  expect(() => decodeDatum(bytes.subarray(0, 9), "db")).toThrow(
    "db: the file is cut short or damaged",
  );
});

test("IDX: a short file and another kind of file are refused", () => {
  const path = join(folder, "idx");
  writeFileSync(path, Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 5, 6));
  expect(readIdx(path)).toEqual({ dims: [2], data: Buffer.from([5, 6]) });
  writeFileSync(path, Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 5, 6));
  expect(() => readIdx(path)).toThrow("it holds 2 elements. Expected 3 = 3; it is cut short");
  writeFileSync(path, "hello");
  expect(() => readIdx(path)).toThrow("does not begin as an IDX file");
});
