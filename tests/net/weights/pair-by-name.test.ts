import { expect, test } from "vitest";
import { pairByName } from "../../../src/net/weights/pair-by-name.ts";

test("pairByName: the first with the first, the last takes what is left, layers without blobs stand back", () => {
  const layer = (name: string, id: number, blobs = 1) => ({
    name,
    id,
    blobs: Array(blobs).fill(0),
  });
  const pairs = (sources: ReturnType<typeof layer>[], targets: ReturnType<typeof layer>[]) =>
    pairByName(sources, targets).map(([source, target]) => [source.id, target?.id]);
  expect(
    pairs([layer("a", 1), layer("a", 2), layer("a", 3)], [layer("a", 10), layer("a", 20)]),
  ).toEqual([
    [1, 10],
    [2, 20],
    [3, 20],
  ]);
  expect(pairs([layer("a", 1, 0), layer("a", 2)], [layer("a", 10)])).toEqual([[2, 10]]);
  expect(pairs([layer("a", 1)], [layer("a", 10, 0), layer("a", 20)])).toEqual([[1, 20]]);
  expect(pairs([layer("a", 1, 0)], [layer("a", 10, 0)])).toEqual([[1, 10]]);
  expect(pairs([layer("b", 1)], [layer("a", 10)])).toEqual([[1, undefined]]);
  expect(pairs([layer("toString", 1)], [])).toEqual([[1, undefined]]);
});
