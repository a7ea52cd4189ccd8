import { describe, expect, test } from "vitest";
import { Blob } from "../../src/blob/blob.ts";
import { referenceOf } from "../../src/engines/choose.ts";
import { blobProtoOf, blobValueOf } from "../../src/io/proto/blob-proto.ts";
import { referenceEngines } from "../support/engines.ts";

const engine = referenceOf(referenceEngines);

test("shape, axes and the legacy four", () => {
  const blob = new Blob([2, 3, 4]);
  expect(blob.count()).toBe(24);
  expect(blob.count(1)).toBe(12);
  expect(blob.axis(-1)).toBe(2);
  expect(blob.legacyAxis(3)).toBe(1);
  expect(() => blob.axis(3)).toThrow("axis 3 is out of range. Expected -3 to 2 for shape (2,3,4)");
  expect(() => new Blob([1, 1, 1, 1, 1]).legacyAxis(0)).toThrow("Expected at most 4");
  expect(new Blob([]).count()).toBe(1);
  expect(() => new Blob([-1])).toThrow("axis of length -1");
  expect(() => new Blob([2 ** 16, 2 ** 16])).toThrow("Expected fewer than 2147483648");
});

test("memory is kept when a blob shrinks, and shared where asked for", () => {
  const blob = new Blob([4]);
  blob.dataMem.overwriteCpu().set([1, 2, 3, 4]);
  blob.reshape([2]);
  expect(Array.from(blob.values())).toEqual([1, 2]);
  blob.reshape([2, 2]);
  expect(Array.from(blob.values())).toEqual([1, 2, 3, 4]);
  const view = new Blob([4]);
  view.shareData(blob);
  view.dataMem.mutableCpu()[0] = 9;
  expect(blob.values()[0]).toBe(9);
  expect(() => new Blob([3]).shareData(blob)).toThrow("Expected equal counts");
});

describe("a blob that shares memory and grows", () => {
  /** A blob of 2 elements and one of 2 that once had 6. */
  const pair = (): readonly [Blob, Blob] => {
    const roomy = new Blob([6]);
    roomy.reshape([2]);
    return [new Blob([2]), roomy];
  };

  test.each([
    ["data", (blob: Blob, roomy: Blob) => blob.shareData(roomy)],
    ["diff", (blob: Blob, roomy: Blob) => blob.shareDiff(roomy)],
    [
      "both",
      (blob: Blob, roomy: Blob) => {
        blob.shareData(roomy);
        blob.shareDiff(roomy);
      },
    ],
  ] as const)("has room for every element of data and diff: shared %s", (_, share) => {
    for (const count of [4, 6, 9]) {
      const [blob, roomy] = pair();
      share(blob, roomy);
      blob.reshape([count]);
      expect(blob.data).toHaveLength(count);
      expect(blob.diff).toHaveLength(count);
      blob.data.fill(1);
      blob.diff.fill(2);
      expect([...blob.values(), ...blob.diffValues()]).toEqual([
        ...Array(count).fill(1),
        ...Array(count).fill(2),
      ]);
      // The other way round too: the one that is shared grows.
      roomy.reshape([9]);
      expect([roomy.data.length, roomy.diff.length]).toEqual([9, 9]);
    }
  });

  test("goes on to share data that have the room", () => {
    const [blob, roomy] = pair();
    blob.shareData(roomy);
    blob.reshape([4]);
    expect(blob.dataMem).toBe(roomy.dataMem);
    expect(blob.diffMem.count).toBe(4);
  });
});

test("update takes the diff away, and norms are of data and diff", () => {
  const blob = new Blob([2], "f64");
  blob.dataMem.overwriteCpu().set([3, -4]);
  blob.diffMem.overwriteCpu().set([1, 1]);
  expect([
    blob.asumData(engine),
    blob.sumsqData(engine),
    blob.asumDiff(engine),
    blob.sumsqDiff(engine),
  ]).toEqual([7, 25, 2, 2]);
  blob.update(engine);
  expect(Array.from(blob.values())).toEqual([2, -5]);
});

test("to a message and back, in both element types; legacy shapes fit with ones in front", () => {
  for (const dtype of ["f32", "f64"] as const) {
    const blob = new Blob([2, 1], dtype);
    blob.dataMem.overwriteCpu().set([0.5, 2]);
    const value = blobValueOf(blobProtoOf(blob.toValue(true)));
    expect(value.shape).toEqual([2, 1]);
    expect(Array.from(value.data)).toEqual([0.5, 2]);
  }
  const legacy = { shape: [1, 1, 2, 1], legacyShape: true };
  expect(new Blob([2, 1]).fits(legacy)).toBe(true);
  expect(new Blob([1, 2]).fits(legacy)).toBe(false);
  expect(() => blobValueOf({ shape: { dim: [3] }, data: [1] })).toThrow(
    "holds 1 values. Expected 3",
  );
});
