// Arrays of HDF5 files that the library cannot read: object-header.ts, library.ts.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { encodeHdf5, readDatasets, readHdf5 } from "../../../src/io/hdf5/hdf5.ts";
import { readCaffemodel } from "../../../src/io/weights/caffemodel.ts";
import { hdf5Model } from "../../../src/io/weights/hdf5-model.ts";
import { hdf5File, patched } from "../../support/hdf5.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();

const values = Float32Array.from({ length: 4096 }, (_, i) => i % 7);
const chunked = { shape: [64, 64], chunks: [16, 64], data: values };
/** HDF5's numbers of filters. */
const [DEFLATE, SHUFFLE, FLETCHER32] = [1, 2, 3];

/** The file on the disk, as a whole and as a layer's weights. */
const forms = (bytes: Uint8Array): (() => unknown)[] => {
  const path = join(folder, "f.h5");
  writeFileSync(path, bytes);
  return [() => readDatasets(path, ["x"]), () => readHdf5(bytes, path)];
};

/** The bytes of the file with those of its `which`th chunk changed. */
function damaged(bytes: Uint8Array, which: string): Buffer {
  const at = Buffer.from(bytes).indexOf(Buffer.from(which, "hex"));
  expect(at).toBeGreaterThan(0);
  const copy = Buffer.from(bytes);
  for (let i = 8; i < 16; i++) copy[at + i] = (copy[at + i] ?? 0) ^ 0x55;
  return copy;
}

describe("an array that the library cannot read is an error, not what lay in memory", () => {
  test.each([
    [32000, "lzf"],
    [32001, "blosc"],
    [32015, "zstd"],
    [307, "bzip2"],
    [40000, "a filter"],
  ])("filter %d", (id, name) => {
    const bytes = hdf5File("x", { ...chunked, compression: DEFLATE, compression_opts: [4] });
    // The filter's number stands before the length of its name, flags, number of values, and name.
    const at = Buffer.from(bytes).indexOf("deflate\0") - 8;
    const other = Buffer.from(bytes);
    other.writeUInt16LE(id, at);
    other.fill(0, at + 8, at + 16);
    for (const read of forms(other)) {
      expect(read).toThrow(
        `/f.h5: x is packed with ${name} (HDF5's filter ${id}), which cannot be unpacked here. Expected gzip, szip, or no compression.`,
      );
    }
  });

  test("a damaged chunk of gzip", () => {
    const bytes = hdf5File("x", { ...chunked, compression: DEFLATE, compression_opts: [4] });
    for (const read of forms(damaged(bytes, "785e"))) {
      expect(read).toThrow(
        /f\.h5: x cannot be read: .+ \(its filters: deflate\)\. Expected a whole/,
      );
    }
  });

  test("a wrong Fletcher32 sum", () => {
    const bytes = hdf5File("x", { ...chunked, compression: FLETCHER32, compression_opts: [] });
    for (const read of forms(damaged(bytes, "000000000000803f00000040"))) {
      expect(read).toThrow(/x cannot be read: .+ \(its filters: fletcher32\)/);
    }
  });

  test("in a weights file the layer is named", () => {
    const tree = hdf5Model([{ name: "ip", blobs: [{ shape: [64, 64], data: values }] }]);
    const bytes = Buffer.concat(encodeHdf5(tree));
    // The place of the array in the file, moved far behind its end.
    const at = bytes.indexOf(Buffer.from(values.buffer, 0, 64));
    const place = Buffer.alloc(8);
    place.writeBigUInt64LE(BigInt(at));
    const path = join(folder, "w.caffemodel.h5");
    writeFileSync(path, patched(bytes, [...place], [0, 0, 0, 0x7f, 0, 0, 0, 0]));
    expect(() => readCaffemodel(path)).toThrow(
      /w\.caffemodel\.h5: data\/ip\/0 cannot be read: .*Expected a whole file; it is damaged/,
    );
  });
});

describe("no alarm where nothing is wrong", () => {
  test.each([
    ["gzip", { compression: DEFLATE, compression_opts: [9] }],
    ["shuffle", { compression: SHUFFLE, compression_opts: [] }],
    ["Fletcher32", { compression: FLETCHER32, compression_opts: [] }],
    ["chunks alone", {}],
  ])("%s", (_, packing) => {
    for (const read of forms(hdf5File("x", { ...chunked, ...packing }))) read();
    const [array] = readDatasets(join(folder, "f.h5"), ["x"]);
    expect(array?.data).toEqual(values);
  });

  test("rows that nobody wrote are zeros", () => {
    const bytes = hdf5File("x", { ...chunked, chunks: [5, 64] }, (x) => x.resize([128, 64]));
    const path = join(folder, "grown.h5");
    writeFileSync(path, bytes);
    const [array] = readDatasets(path, ["x"]);
    expect(array?.shape).toEqual([128, 64]);
    expect(array?.data.subarray(0, 4096)).toEqual(values);
    expect(array?.data.subarray(4096).every((value) => value === 0)).toBe(true);
  });
});
