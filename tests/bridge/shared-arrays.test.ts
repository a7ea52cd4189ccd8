import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Blob } from "../../src/blob/blob.ts";
import { SharedArrays } from "../../src/bridge/shared-arrays.ts";

let arrays: SharedArrays;
let files: number[];
beforeEach(() => {
  arrays = new SharedArrays();
  files = [];
});
afterEach(() => {
  arrays.close();
  for (const file of files) closeSync(file);
});

/** The other process's eyes and hands: it opens the path that it is told. */
function theirs(path: string | undefined): {
  read: (count: number) => number[];
  write: (value: number, at: number) => void;
} {
  const file = openSync(path ?? "", constants.O_RDWR);
  files.push(file);
  return {
    read: (count) => {
      const values = new Float32Array(count);
      expect(readSync(file, values, 0, 4 * count, 0)).toBe(4 * count);
      return [...values];
    },
    write: (value, at) => {
      writeSync(file, new Uint8Array(Float32Array.of(value).buffer), 0, 4, 4 * at);
    },
  };
}

function filled(shape: readonly number[], ...values: number[]): Blob {
  const blob = new Blob(shape);
  blob.assign(values);
  return blob;
}

test("both sides see what the other has written, each when it has control", () => {
  const blob = filled([3], 1, 2, 3);
  const { path, ...place } = arrays.open(1, blob, "data");
  expect(place).toEqual({ id: 1, shape: [3], dtype: "f32", bytes: 12 });
  const other = theirs(path);
  arrays.taken();
  expect(other.read(3)).toEqual([1, 2, 3]);
  blob.assign([4, 5, 6]);
  arrays.show();
  expect(other.read(3)).toEqual([4, 5, 6]);
  other.write(-7, 1);
  arrays.taken();
  expect([...blob.values()]).toEqual([4, -7, 6]);
  expect(arrays.areOnHost).toBe(true);
});

test("what lies in an engine's own store is shown in plain order, and what is written takes its place", () => {
  const blob = filled([2], 1, 2);
  const { path } = arrays.open(1, blob, "data");
  const other = theirs(path);
  const store = {
    layout: "turned",
    elements: Float32Array.of(9, 8),
    toPlain(plain: { [at: number]: number }) {
      plain[0] = this.elements[1]!;
      plain[1] = this.elements[0]!;
    },
    release() {},
  };
  blob.dataMem.adoptPrivate(store);
  blob.dataMem.markPrivateWritten(store);
  arrays.show();
  expect(other.read(2)).toEqual([8, 9]);
  other.write(3, 0);
  arrays.taken();
  expect([...blob.values()]).toEqual([3, 9]);
});

test("an array has one place, whichever blob and however often it is asked for", () => {
  const [blob, sharing] = [filled([4], 1, 2, 3, 4), new Blob([2, 2])];
  sharing.shareData(blob);
  const first = arrays.open(1, blob, "data");
  const again = arrays.open(1, blob, "data");
  const shared = arrays.open(2, sharing, "data");
  expect(again).toEqual({ id: first.id, shape: [4], dtype: "f32" });
  expect(shared).toEqual({ id: first.id, shape: [2, 2], dtype: "f32" });
  expect(arrays.open(1, blob, "diff").id).not.toBe(first.id);
});

test("empty and scalar arrays, and those of doubles", () => {
  expect(arrays.open(1, new Blob([0, 3]), "data")).toMatchObject({ shape: [0, 3], bytes: 4 });
  expect(arrays.open(2, new Blob([]), "diff")).toMatchObject({ shape: [], bytes: 4 });
  expect(arrays.open(3, new Blob([2], "f64"), "data")).toMatchObject({ dtype: "f64", bytes: 16 });
});

test("an array that is not held any more costs nothing: it is neither shown nor taken", () => {
  const blob = filled([1], 1);
  const { id, path } = arrays.open(1, blob, "data");
  const other = theirs(path);
  arrays.taken();
  arrays.release([id, 77]);
  const before = blob.dataMem.writes;
  other.write(5, 0);
  arrays.taken();
  expect(blob.dataMem.writes).toBe(before);
  // The memory is still the same, and asked for again it is held again.
  expect(arrays.open(1, blob, "data")).not.toHaveProperty("path");
});

test("a view that has another shape or memory is told of once, an array that has moved is gone", () => {
  const blob = filled([2], 1, 2);
  const { id } = arrays.open(1, blob, "data");
  arrays.open(1, blob, "diff");
  expect(arrays.news()).toEqual({});
  blob.reshape([1, 2]);
  expect(arrays.news()).toEqual({
    changed: expect.arrayContaining([
      [1, "data"],
      [1, "diff"],
    ]),
  });
  expect(arrays.news()).toEqual({});
  arrays.open(1, blob, "data");
  blob.dataMem.moveCpu(new Float32Array(2));
  expect(arrays.news()).toEqual({ gone: [id] });
  expect(arrays.news()).toEqual({});
});

test("news of a blob that was given up are nobody's", () => {
  const blob = filled([2], 1, 2);
  arrays.open(1, blob, "data");
  arrays.forgetBlob(1);
  blob.reshape([2, 1]);
  expect(arrays.news()).toEqual({});
});

test("files are closed as soon as the other side has spoken, and none is left", () => {
  const blob = filled([2], 1, 2);
  const { path } = arrays.open(1, blob, "data");
  expect(existsSync(path ?? "")).toBe(true);
  const other = theirs(path);
  arrays.taken();
  expect(existsSync(path ?? "")).toBe(false);
  other.write(6, 0);
  arrays.taken();
  expect(blob.values()[0]).toBe(6);
  const descriptor = Number(
    arrays
      .open(2, new Blob([1]), "data")
      .path?.split("/")
      .at(-1),
  );
  if (process.platform === "linux") fstatSync(descriptor);
  arrays.close();
  if (process.platform === "linux") expect(() => fstatSync(descriptor)).toThrow("EBADF");
});
