// The net's picture: which layers share a box, where boxes stand, what of it is seen; and how values are spread.
import { describe, expect, test } from "vitest";
import type { GraphLayer } from "../../src/dashboard/api.ts";
import { netBoxes, shapeText } from "../src/math/net-boxes.ts";
import { netLayout } from "../src/math/net-layout.ts";
import { commonRange, densities } from "../src/math/ridges.ts";
import { centred, fitted, moved, whole, zoomed } from "../src/math/view-box.ts";
import { madeUpGraph } from "./made-up-run.ts";

function layersOf(file: string): readonly GraphLayer[] {
  const view = madeUpGraph(file);
  return view.state === "there" ? view.view.layers : [];
}

describe("a net's boxes", () => {
  const [like] = layersOf("models/lenet/lenet.prototxt");
  const layer = (name: string, bottoms: string[], tops: string[], type = "Some"): GraphLayer => {
    if (!like) throw new Error("LeNet has no layer");
    return { ...like, key: name, name, type, bottoms, tops, forwardMs: 1, backwardMs: 2 };
  };

  test("hold layers in place, and wires pass through what only splits", () => {
    const { boxes, wires } = netBoxes([
      layer("a", [], ["x"]),
      layer("in place", ["x"], ["x"]),
      layer("split", ["x"], ["x0", "x1"], "Split"),
      layer("b", ["x0"], ["y"]),
      layer("c", ["x1", "y"], ["z"]),
    ]);
    expect(boxes.map(({ layers }) => layers.map(({ name }) => name))).toEqual([
      ...[["a", "in place"], ["b"], ["c"]],
    ]);
    expect(boxes[0]?.ms).toBe(6);
    expect(wires).toEqual([
      { from: 0, to: 1, blob: "x" },
      { from: 0, to: 2, blob: "x" },
      { from: 1, to: 2, blob: "y" },
    ]);
  });

  test("stand apart where what is worked on in place was read before", () => {
    const { boxes } = netBoxes([
      ...[layer("a", [], ["x"]), layer("b", ["x"], ["y"]), layer("late", ["x"], ["x"])],
    ]);
    expect(boxes).toHaveLength(3);
  });

  test("of a large net do not lie on each other", () => {
    const net = netBoxes(layersOf("models/googlenet/train_val.prototxt"));
    const { boxes, wires, width, height } = netLayout(net);
    expect(wires.every((path) => /^M[\d.]/.test(path))).toBe(true);
    boxes.forEach((a, i) => {
      expect(a.x >= 0 && a.y >= 0 && a.x + a.width <= width && a.y + a.height <= height).toBe(true);
      for (const b of boxes.slice(i + 1)) {
        const isApart = a.x + a.width <= b.x || b.x + b.width <= a.x;
        expect(isApart || a.y + a.height <= b.y || b.y + b.height <= a.y).toBe(true);
      }
    });
  });

  test("have shapes as they are read", () => {
    expect([[64, 20], [], undefined].map(shapeText)).toEqual(["64×20", "scalar", ""]);
  });
});

describe("what is seen of a picture", () => {
  const window = { width: 400, height: 300 };

  test("is all of a small one, the upper part of a long one, and all when asked", () => {
    const small = fitted({ width: 200, height: 100 }, window);
    expect(small.scale).toBe(1);
    expect(small.x).toBe(-100);
    const long = { width: 300, height: 9000 };
    expect(fitted(long, window)).toMatchObject({ y: 0, scale: 0.62 });
    expect(whole(long, window).scale).toBeCloseTo(0.08, 9);
  });

  test("keeps the point below the pointer where it is", () => {
    const at = { x: 120, y: 40 };
    const before = { x: 10, y: 20, scale: 0.5 };
    const after = zoomed(before, 2, at);
    expect(after.scale).toBe(1);
    expect(after.x + at.x / after.scale).toBeCloseTo(before.x + at.x / before.scale, 9);
    expect(moved(before, 5, -5)).toEqual({ x: 20, y: 10, scale: 0.5 });
  });

  test("has a place in its middle when asked", () => {
    const { x, y, scale } = centred(
      { x: 0, y: 0, scale: 1 },
      { x: 500, y: 500, width: 100, height: 50 },
      window,
    );
    expect([x + 200 / scale, y + 150 / scale]).toEqual([550, 525]);
  });
});

describe("how values are spread", () => {
  test("stands on one range, and no share is lost", () => {
    const one = { min: 0, max: 1, bins: [1, 3] };
    const other = { min: -1, max: 3, bins: [2, 2] };
    const range = commonRange([one, other]);
    expect(range).toEqual({ min: -1, max: 3 });
    if (!range) return;
    expect(densities(one, range, 8)).toEqual([0, 0, 0.25, 0.75, 0, 0, 0, 0]);
    for (const bins of [one, other]) {
      const all = densities(bins, range, 7).reduce((sum, part) => sum + part, 0);
      expect(all).toBeCloseTo(1, 9);
    }
  });

  test("of one value, of none and of none finite", () => {
    expect(commonRange([{ min: 2, max: 2, bins: [5] }])).toEqual({ min: 1.8, max: 2.2 });
    const one = { min: 2, max: 2, bins: [5] };
    expect(densities(one, { min: 1.8, max: 2.2 }, 3)).toEqual([0, 1, 0]);
    expect(commonRange([{ min: "NaN", max: "NaN", bins: [] }])).toBeUndefined();
  });
});
