import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readNpy } from "../../src/io/npy.ts";

const folder = mkdtempSync(join(tmpdir(), "npy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A file as NumPy writes it: magic, version, length of the header, header, values. */
function write(header: string, values: ArrayBufferView, version = 1): string {
  const text = header.padEnd(117, " ").concat("\n");
  const length = version === 1 ? [118, 0] : [118, 0, 0, 0];
  const path = join(folder, "array.npy");
  writeFileSync(
    path,
    Buffer.concat([
      Buffer.from([0x93, ...Buffer.from("NUMPY"), version, 0, ...length]),
      Buffer.from(text, "latin1"),
      Buffer.from(values.buffer, values.byteOffset, values.byteLength),
    ]),
  );
  return path;
}

const header = (type: string, shape: string, order = "False"): string =>
  `{'descr': '${type}', 'fortran_order': ${order}, 'shape': (${shape}), }`;

test.each([
  ["<f4", Float32Array.of(1, 2, 3, 4)],
  ["<f8", Float64Array.of(1, 2, 3, 4)],
  ["<i4", Int32Array.of(1, 2, 3, 4)],
  ["<i8", BigInt64Array.of(1n, 2n, 3n, 4n)],
  ["|u1", Uint8Array.of(1, 2, 3, 4)],
])("an array of %s is read", (type, values) => {
  const { shape, data } = readNpy(write(header(type, "2, 2"), values));
  expect(shape).toEqual([2, 2]);
  expect([...data]).toEqual([1, 2, 3, 4]);
});

test("one axis, and the header of version 2", () => {
  expect(readNpy(write(header("<f4", "1,"), Float32Array.of(7), 2)).shape).toEqual([1]);
});

test("what is no such array is said", () => {
  const one = Float32Array.of(1);
  expect(() => readNpy(write(header("<c8", "1,"), one))).toThrow("an array of type <c8");
  expect(() => readNpy(write(header("<f4", "1,", "True"), one))).toThrow("in C order");
  expect(() => readNpy(write(header("<f4", "2,"), one))).toThrow("4 bytes for shape (2)");
  const path = join(folder, "text.npy");
  writeFileSync(path, "text");
  expect(() => readNpy(path)).toThrow("does not begin as a .npy file does");
});
