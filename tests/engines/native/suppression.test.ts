// Non-maximum suppression: worked by hand, by the overlap of two boxes alone, and on both engines of the host.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Suppression } from "../../../src/engines/engine.ts";
import { loadAddon } from "../../../src/engines/native/binding.ts";
import { iouOf } from "../../../src/layers/base/yolo-boxes.ts";
import { type Box, overlapOf } from "../../../src/util/box.ts";
import { noise } from "../../support/noise.ts";
import { check, describeNative, reference } from "./support.ts";

const KINDS = ["edges", "pixels", "centers"] as const;

/** Boxes of which many overlap, on a grid coarse enough for equal ones, edges in common and boxes without an area. */
function drawn(count: number, seed: number): Float32Array {
  const values = noise(4 * count, seed);
  return Float32Array.from(values, (value, i) =>
    i % 4 < 2 ? Math.round(8 * value) / 8 : Math.round(8 * (value + 1.2)) / 8,
  );
}

const numbers = (kept: Int32Array): number[] => [...kept];

describe("suppression", () => {
  const boxes = Float32Array.of(0, 0, 4, 1, 1, 0, 5, 1, 8, 0, 9, 1, 0, 0, 4, 1);

  test("an overlap of the threshold itself stays", () => {
    expect(numbers(reference.suppress(boxes, { boxes: "edges", threshold: 0.6 }))).toEqual([
      0, 1, 2,
    ]);
    expect(numbers(reference.suppress(boxes, { boxes: "edges", threshold: 0.59 }))).toEqual([0, 2]);
  });

  test("of boxes by their middles it goes", () => {
    const squares = Float32Array.of(0, 0, 2, 2, 1, 0, 2, 2);
    const third = Math.fround(1 / 3);
    expect(numbers(reference.suppress(squares, { boxes: "centers", threshold: third }))).toEqual([
      0,
    ]);
    expect(numbers(reference.suppress(squares, { boxes: "centers", threshold: 0.34 }))).toEqual([
      0, 1,
    ]);
  });

  test("pixels are within at both ends", () => {
    // Two squares of four pixels that share two.
    const squares = Float32Array.of(0, 0, 1, 1, 1, 0, 2, 1);
    const suppress = (threshold: number) =>
      numbers(reference.suppress(squares, { boxes: "pixels", threshold }));
    expect([suppress(0.34), suppress(0.33)]).toEqual([[0, 1], [0]]);
  });

  test("eta lowers a threshold above 0.5 with each box that stays", () => {
    const three = Float32Array.of(8, 0, 9, 1, 0, 0, 4, 1, 1, 0, 5, 1);
    const suppress = (threshold: number, eta: number) =>
      numbers(reference.suppress(three, { boxes: "edges", threshold, eta }));
    expect(suppress(0.7, 1)).toEqual([0, 1, 2]);
    expect(suppress(0.7, 0.8)).toEqual([0, 1]);
    expect(suppress(0.6, 0.8)).toEqual([0, 1]);
  });

  test.each([0, 1, 2.5, 9])("no more stay than %d", (most) => {
    const kept = reference.suppress(boxes, { boxes: "edges", threshold: 2, most });
    expect(numbers(kept)).toEqual([0, 1, 2, 3].slice(0, Math.ceil(most)));
  });

  test.each(KINDS)("%s: what stays overlaps nothing before it that stays", (kind) => {
    const told = drawn(200, 5);
    const box = (i: number): Box => [...told.subarray(4 * i, 4 * i + 4)] as unknown as Box;
    const goes = {
      edges: (a: number, b: number) => overlapOf(box(a), box(b)) > 0.5,
      pixels: (a: number, b: number) => overlapInPixels(box(a), box(b)) > 0.5,
      centers: (a: number, b: number) => iouOf(box(a), box(b)) >= 0.5,
    }[kind];
    const kept: number[] = [];
    for (let i = 0; i < 200; i++) if (!kept.some((k) => goes(k, i))) kept.push(i);
    expect(kept.length).toBeLessThan(190);
    expect(numbers(reference.suppress(told, { boxes: kind, threshold: 0.5 }))).toEqual(kept);
  });
});

function overlapInPixels(a: Box, b: Box): number {
  const extent = (from: number, to: number): number => Math.max(0, to - from + 1);
  const area = ([x0, y0, x1, y1]: Box): number => (x1 - x0 + 1) * (y1 - y0 + 1);
  const shared =
    extent(Math.max(a[0], b[0]), Math.min(a[2], b[2])) *
    extent(Math.max(a[1], b[1]), Math.min(a[3], b[3]));
  return Math.fround(shared / (area(a) + area(b) - shared));
}

describeNative("suppression", (native) => {
  const options = fc.record({
    boxes: fc.constantFrom(...KINDS),
    threshold: fc.constantFrom(0, 0.3, Math.fround(1 / 3), 0.5, 0.7, 1, 2),
    eta: fc.constantFrom(1, 0.7),
    most: fc.constantFrom(0, 1, 5, 1000),
  });
  const same = (boxes: Float32Array, d: Suppression): void => {
    expect(numbers(native.suppress(boxes, d))).toEqual(numbers(reference.suppress(boxes, d)));
  };

  test("the same boxes stay", () => {
    const count = fc.constantFrom(0, 1, 2, 15, 16, 17, 127, 128, 129, 300);
    check(fc.tuple(options, count, fc.integer({ min: 1, max: 1e6 })), ([d, n, seed]) => {
      same(drawn(n, seed), d);
      // Apart as a rule, and not on a grid: many stay, and sums round.
      same(
        Float32Array.from(noise(4 * n, seed), (value, i) => 9 * value + (i % 4 < 2 ? 0 : 4)),
        d,
      );
    });
  });

  test("boxes that are none too", () => {
    const odd = fc.constantFrom(0, -0, 1, -1, 3, 1e30, 1e-30, Infinity, -Infinity, Number.NaN);
    const some = fc.array(fc.tuple(odd, odd, odd, odd), { maxLength: 24 });
    check(fc.tuple(options, some), ([d, boxes]) => {
      same(Float32Array.from(boxes.flat()), d);
    });
  });

  test("float64 boxes are compared as they are", () => {
    const boxes = Float64Array.from(noise(80, 3), (value, i) => value + (i % 4 < 2 ? 0 : 1));
    const d: Suppression = { boxes: "edges", threshold: 0.4 };
    expect(native.suppress(boxes, d)).toEqual(reference.suppress(boxes, d));
  });

  test("the same boxes of every class stay", () => {
    const shape = fc.record({
      images: fc.constantFrom(0, 1, 3),
      priors: fc.constantFrom(0, 1, 40),
      classes: fc.constantFrom(1, 3),
      hasOwnBoxes: fc.boolean(),
      background: fc.constantFrom(-1, 0, 1),
      least: fc.constantFrom(-Infinity, 0, 0.25),
      candidates: fc.constantFrom(0, 1, 7, Infinity),
    });
    check(fc.tuple(options, shape, fc.integer({ min: 1, max: 1e6 })), ([more, own, seed]) => {
      const d = { ...more, ...own };
      const all = d.images * d.priors;
      // Coarse enough for equal ones.
      const scores = Float32Array.from(
        noise(all * d.classes, seed),
        (value, i) => [Number.NaN, -0, 0, Infinity][i % 19] ?? Math.round(8 * value) / 8,
      );
      const boxes = drawn(all * (d.hasOwnBoxes ? d.classes : 1), seed);
      const kept = native.suppressClasses(scores, boxes, d);
      expect(numbers(kept)).toEqual(numbers(reference.suppressClasses(scores, boxes, d)));
    });
  });

  test("the addon reads no more boxes than there are", () => {
    const room = new Float32Array(7);
    expect(() =>
      loadAddon().suppressClasses(1, 2, 1, 1, 0, 0, 2, 2, 0, 0.5, 1, room, room),
    ).toThrow();
    expect(() =>
      loadAddon().suppressClasses(1, 2, 3, 2, 0, 0, 2, 2, 0, 0.5, 1, room, room),
    ).toThrow();
    expect(() => loadAddon().suppress(2, 2, 0, 0.5, 1, new Float32Array(7))).toThrow();
  });
});
