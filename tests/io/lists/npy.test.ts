import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readNpy } from "../../../src/io/lists/npy.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

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

/** The same values with the bytes of each the other way round. */
function swapped(values: ArrayBufferView & { readonly BYTES_PER_ELEMENT: number }): Uint8Array {
  const bytes = new Uint8Array(values.buffer.slice(0));
  const size = values.BYTES_PER_ELEMENT;
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
  return bytes;
}

const header = (type: string, shape: string, order = "False"): string =>
  `{'descr': '${type}', 'fortran_order': ${order}, 'shape': (${shape}), }`;

test.each([
  ["<f4", Float32Array.of(1, 2, 3, 4)],
  ["<f8", Float64Array.of(1, 2, 3, 4)],
  ["<i4", Int32Array.of(1, 2, 3, 4)],
  ["<i8", BigInt64Array.of(1n, 2n, 3n, 4n)],
  ["|u1", Uint8Array.of(1, 2, 3, 4)],
  ["|i1", Int8Array.of(1, 2, 3, 4)],
  ["<u2", Uint16Array.of(1, 2, 3, 4)],
  ["<i2", Int16Array.of(1, 2, 3, 4)],
  ["<u4", Uint32Array.of(1, 2, 3, 4)],
  ["<u8", BigUint64Array.of(1n, 2n, 3n, 4n)],
  ["<f2", Uint16Array.of(0x3c00, 0x4000, 0x4200, 0x4400)],
  [">f4", swapped(Float32Array.of(1, 2, 3, 4))],
  [">f8", swapped(Float64Array.of(1, 2, 3, 4))],
  [">i2", swapped(Int16Array.of(1, 2, 3, 4))],
  [">i8", swapped(BigInt64Array.of(1n, 2n, 3n, 4n))],
  [">f2", swapped(Uint16Array.of(0x3c00, 0x4000, 0x4200, 0x4400))],
])("an array of %s is read", (type, values) => {
  const { shape, data } = readNpy(write(header(type, "2, 2"), values));
  expect(shape).toEqual([2, 2]);
  expect([...data]).toEqual([1, 2, 3, 4]);
});

test("one axis, and the header of version 2", () => {
  expect(readNpy(write(header("<f4", "1,"), Float32Array.of(7), 2)).shape).toEqual([1]);
});

test("in Fortran's order the first axis runs fastest", () => {
  // numpy.arange(24).reshape(2, 3, 4) saved as it lies in Fortran's order.
  const columns = Float32Array.from({ length: 24 }, (_, i) => {
    const [a, b, c] = [i % 2, Math.floor(i / 2) % 3, Math.floor(i / 6)];
    return 12 * a + 4 * b + c;
  });
  const { shape, data } = readNpy(write(header("<f4", "2, 3, 4", "True"), columns));
  expect(shape).toEqual([2, 3, 4]);
  expect([...data]).toEqual(Array.from({ length: 24 }, (_, i) => i));
  const one = readNpy(write(header("<f4", "3,", "True"), Float32Array.of(1, 2, 3)));
  expect([...one.data]).toEqual([1, 2, 3]);
  expect([...readNpy(write(header("<f4", "", "True"), Float32Array.of(7))).data]).toEqual([7]);
  expect(readNpy(write(header("<f4", "2, 0, 3", "True"), new Float32Array(0))).data.length).toBe(0);
});

test("halves of every kind", () => {
  const bits = Uint16Array.of(0x8000, 0x0001, 0x03ff, 0x0400, 0x7bff, 0x7c00, 0xfc00, 0x7e00);
  const { data } = readNpy(write(header("<f2", "8,"), bits));
  expect([...data]).toEqual([
    -0,
    2 ** -24,
    1023 * 2 ** -24,
    2 ** -14,
    65_504,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NaN,
  ]);
});

test("what is no such array is said", () => {
  const one = Float32Array.of(1);
  expect(() => readNpy(write(header("<c8", "1,"), one))).toThrow("an array of type <c8");
  expect(() => readNpy(write(header("<f4", "1,", "Maybe"), one))).toThrow("of type <f4");
  expect(() => readNpy(write(header("<f4", "2,"), one))).toThrow("4 bytes for shape (2)");
  expect(() => readNpy(write(header("<f4", "2e, 1"), one))).toThrow("its shape is (2e, 1)");
  expect(() => readNpy(write(header("<f4", "-1,"), one))).toThrow("its shape is (-1,)");
  const path = join(folder, "text.npy");
  writeFileSync(path, "text");
  expect(() => readNpy(path)).toThrow("does not begin as a .npy file does");
});
