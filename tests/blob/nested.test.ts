import { expect, test } from "vitest";
import { Blob } from "../../src/blob/blob.ts";
import { ndArrayOf, stack } from "../../src/blob/nested.ts";

test("lists within lists become a blob and come back", () => {
  const blob = Blob.from([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(blob.shape).toEqual([2, 3]);
  expect(blob.toArray()).toEqual([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(Blob.from(7).shape).toEqual([]);
  expect(Blob.from(7).toArray()).toBe(7);
  expect(Blob.from(new Float32Array([1, 2])).shape).toEqual([2]);
  expect(Blob.from(blob).toArray()).toEqual(blob.toArray());
  expect(Blob.from([[]]).shape).toEqual([1, 0]);
});

test("one element is read and written by its index, from either end", () => {
  const blob = Blob.from([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  expect(blob.at(1, 0)).toBe(4);
  expect(blob.at(-1, -1)).toBe(6);
  blob.set([0, -1], 9);
  expect(blob.toArray()).toEqual([
    [1, 2, 9],
    [4, 5, 6],
  ]);
  for (const index of [[2, 0], [0, 3], [-3, 0], [0], [0, 0, 0], [0.5, 0]]) {
    expect(() => blob.at(...index)).toThrow(/there is no element .* in shape \(2,3\)/);
  }
});

test("data and diff are views that are written through", () => {
  const blob = new Blob([2]);
  blob.data[1] = 3;
  blob.diff.set([5, 6]);
  expect(blob.toArray()).toEqual([0, 3]);
  expect(blob.toArray("diff")).toEqual([5, 6]);
  blob.reshape([1]);
  expect(blob.data.length).toBe(1);
});

test("assign takes a number, a flat list, lists within lists and blobs, of as many elements", () => {
  const blob = new Blob([2, 2]);
  blob.assign(3);
  expect(blob.toArray()).toEqual([
    [3, 3],
    [3, 3],
  ]);
  blob.assign([1, 2, 3, 4]);
  expect(blob.at(1, 1)).toBe(4);
  blob.assign({ shape: [4, 1], data: Float32Array.of(4, 3, 2, 1) });
  expect(blob.at(0, 0)).toBe(4);
  blob.assign(Blob.from([5, 6, 7, 8]));
  expect(blob.at(1, 0)).toBe(7);
  expect(() => blob.assign([1, 2])).toThrow("2 values of shape (2) for a blob of shape (2,2)");
});

test("what does not fit is said", () => {
  expect(() => ndArrayOf([[1, 2], [3]])).toThrow("do not fit shape (2,2)");
  expect(() => ndArrayOf([1, [2]])).toThrow("do not fit shape (2)");
  expect(() => ndArrayOf([[1], 2])).toThrow("do not fit shape (2,1)");
  expect(() => ndArrayOf({ shape: [3], data: [1] })).toThrow("with 1 values. Expected 3");
});

test("arrays of one shape stack to a batch", () => {
  const image = (value: number): { shape: number[]; data: number[] } => ({
    shape: [1, 2],
    data: [value, value],
  });
  // Numbers of a plain array are kept whole: a net of float64 takes them too.
  expect(ndArrayOf([image(1), image(2)])).toEqual({
    shape: [2, 1, 2],
    data: Float64Array.of(1, 1, 2, 2),
  });
  const single = { shape: [1], data: Float32Array.of(3) };
  expect(stack([single, single])).toEqual({ shape: [2, 1], data: Float32Array.of(3, 3) });
  expect(() => stack([image(1), { shape: [2], data: [1, 2] }])).toThrow(
    "arrays of shapes (1,2) and (2) in one batch",
  );
});
