import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { encodeHdf5, isHdf5, readDatasets, readHdf5 } from "../../../src/io/hdf5/hdf5.ts";
import { arrayIn } from "../../../src/io/hdf5/tree.ts";
import { readCaffemodel } from "../../../src/io/weights/caffemodel.ts";
import { hdf5Model } from "../../../src/io/weights/hdf5-model.ts";
import { hdf5File, patched } from "../../support/hdf5.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

/** The messages that describe numbers in a file: size, bits, and for floats where their parts lie. */
const single = [0x11, 0x20, 31, 0, 4, 0, 0, 0, 0, 0, 32, 0, 23, 8, 0, 23, 127, 0, 0, 0];
const half = [0x11, 0x20, 15, 0, 2, 0, 0, 0, 0, 0, 16, 0, 10, 5, 0, 10, 15, 0, 0, 0];
const bfloat16 = [0x11, 0x20, 15, 0, 2, 0, 0, 0, 0, 0, 16, 0, 7, 8, 0, 7, 127, 0, 0, 0];
/** The floats of 8 bits that machines learn with. */
const e5m2 = [0x11, 0x20, 7, 0, 1, 0, 0, 0, 0, 0, 8, 0, 2, 5, 0, 2, 15, 0, 0, 0];
/** Those of an x87 processor, of which 80 bits of 128 count, and the bit before the point is written. */
const extended = [0x11, 0x10, 79, 0, 16, 0, 0, 0, 0, 0, 80, 0, 64, 15, 0, 64, 0xff, 0x3f, 0, 0];

const read = (bytes: Uint8Array): unknown => {
  const path = join(folder, "x.h5");
  writeFileSync(path, bytes);
  return readDatasets(path, ["x"])[0];
};

/** A file of floats of a kind, made of one of single precision whose memory holds them. */
const floats = (kind: number[], count: number, memory: ArrayBuffer): Uint8Array => {
  const size = kind[4] ?? 4;
  const room = new Float32Array(Math.ceil((count * size) / 4));
  new Uint8Array(room.buffer).set(new Uint8Array(memory));
  const bytes = Buffer.concat(encodeHdf5({ x: { shape: [room.length], data: room } }));
  // The length of the one axis, which stands twice: it is also the longest it may have.
  const axis = (length: number): number[] => [
    length,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    length,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  ];
  return patched(patched(bytes, single, kind), axis(room.length), axis(count));
};

describe("floats of every size are read", () => {
  test("halves: whole and broken numbers, the smallest, infinity, NaN, minus zero", () => {
    const bits = Uint16Array.of(0x3c00, 0xc500, 0x2e66, 0x0001, 0x7bff, 0x7c00, 0x7e00, 0x8000);
    expect(read(floats(half, 8, bits.buffer))).toEqual({
      shape: [8],
      data: Float32Array.of(1, -5, 0.0999755859375, 2 ** -24, 65504, Infinity, NaN, -0),
    });
  });

  test("bfloat16, of the same size, are told from them", () => {
    const bits = Uint16Array.of(0x3f80, 0xc0a0, 0x7f80, 0x0001);
    expect(read(floats(bfloat16, 4, bits.buffer))).toEqual({
      shape: [4],
      data: Float32Array.of(1, -5, Infinity, 2 ** -133),
    });
  });

  test("numbers of eight bits are read", () => {
    const bits = Uint8Array.of(0x3c, 0xc5, 0x01, 0x7b);
    expect(read(floats(e5m2, 4, bits.buffer))).toEqual({
      shape: [4],
      data: Float32Array.of(1, -5, 2 ** -16, 57344),
    });
  });

  test("sixteen bytes, of which ten count", () => {
    const words = BigUint64Array.of(0xa000000000000000n, 0xc001n, 1n << 63n, 0x3c01n, 0n, 0x7fffn);
    expect(read(floats(extended, 3, words.buffer))).toEqual({
      shape: [3],
      data: Float64Array.of(-5, 2 ** -1022, Infinity),
    });
  });

  test("numbers of other sizes are read in weights too", () => {
    const blobs = [
      { shape: [2], data: new Float32Array(Uint16Array.of(0x3c00, 0xc500, 0, 0).buffer) },
    ];
    const model = Buffer.concat(encodeHdf5(hdf5Model([{ name: "ip", blobs }])));
    const path = join(folder, "w.h5");
    writeFileSync(path, patched(model, single, half));
    expect(readCaffemodel(path).layers[0]?.blobs[0]?.data).toEqual(Float32Array.of(1, -5));
  });
});

describe("whole numbers of every size are read", () => {
  test.each([
    ["8 bits", Int8Array.of(-128, 127)],
    ["8 bits without sign", Uint8Array.of(0, 255)],
    ["16 bits", Int16Array.of(-32768, 32767)],
    ["16 bits without sign", Uint16Array.of(0, 65535)],
    ["32 bits", Int32Array.of(-(2 ** 31), 2 ** 31 - 1)],
    ["32 bits without sign", Uint32Array.of(0, 2 ** 32 - 1)],
    ["64 bits", BigInt64Array.of(-(2n ** 53n), 2n ** 53n)],
    ["64 bits without sign", BigUint64Array.of(0n, 2n ** 53n)],
  ])("%s", (_, data) => {
    const array = read(hdf5File("x", { data, shape: [2] })) as { data: Float32Array };
    expect([...array.data]).toEqual([...data].map(Number));
  });

  test("those with fewer bits than their bytes have, as cameras write them", () => {
    // 12 bits behind the lowest 4, with sign.
    const whole = [0x10, 0x08, 0, 0, 2, 0, 0, 0, 0, 0, 16, 0];
    const narrow = [0x10, 0x08, 0, 0, 2, 0, 0, 0, 4, 0, 12, 0];
    const bytes = hdf5File("x", {
      data: Int16Array.of(0x7ff0, -0x8000, 0x0010, -0x0010),
      shape: [4],
    });
    expect(read(patched(bytes, whole, narrow))).toEqual({
      shape: [4],
      data: Float32Array.of(2047, -2048, 1, -1),
    });
  });
});

describe("HDF5 behind a block of the user's", () => {
  const bytes = Buffer.concat(encodeHdf5({ x: { shape: [2], data: Float32Array.of(3, 4) } }));

  test.each([512, 1024, 2048, 4096, 65536])(
    "of %d bytes, as MATLAB writes it, is read",
    (length) => {
      const block = Buffer.alloc(length, " MATLAB 7.3 MAT-file ");
      const file = Buffer.concat([block, bytes]);
      expect(isHdf5(file)).toBe(true);
      expect(read(file)).toEqual({ shape: [2], data: Float32Array.of(3, 4) });
      expect(arrayIn(readHdf5(file, "x.mat")["x"])?.data).toEqual(Float32Array.of(3, 4));
    },
  );

  test("at any other place is no HDF5", () => {
    for (const length of [1, 8, 256, 1536]) {
      const file = Buffer.concat([Buffer.alloc(length), bytes]);
      expect(isHdf5(file)).toBe(false);
      expect(() => readHdf5(file, "x.h5")).toThrow("it does not begin as an HDF5 file does");
    }
  });
});
