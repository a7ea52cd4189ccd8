// Weights in the layouts that the library likes, moved by it and by native/src/reorder.cc.
import { expect, test } from "vitest";
import type { ConvolutionShapes, Layout } from "../../../src/engines/native/addon.ts";
import { loadAddon } from "../../../src/engines/native/binding.ts";
import { Layouts } from "../../../src/engines/native/layouts.ts";
import { describeNative } from "./support.ts";

/** Channels in, channels out, side of the kernel: padded on one side, on both, on none. */
const WEIGHTS: readonly (readonly [number, number, number])[] = [
  [3, 2, 4],
  [2, 2, 5],
  [1, 20, 5],
  [20, 50, 5],
  [17, 33, 1],
  [16, 15, 3],
  [32, 16, 3],
];

/** Layouts that the library likes for such weights: forward, for the gradient of data, and for their own. */
function layoutsOf([ic, oc, k]: readonly [number, number, number]): readonly Layout[] {
  const addon = loadAddon();
  const shapes: ConvolutionShapes = {
    src: [2, ic, 9, 9],
    weights: [oc, ic, k, k],
    dst: [2, oc, 10 - k, 10 - k],
    stride: [1, 1],
    padLeft: [0, 0],
    padRight: [0, 0],
    dilation: [1, 1],
    hasBias: false,
    algorithm: "direct",
    isSmall: true,
  };
  const made = [
    addon.convolutionForward(shapes, Number.NaN, Number.NaN, false).layouts.weights,
    addon.convolutionBackwardData(shapes).layouts.weights,
    addon.convolutionBackwardWeights(shapes).layouts.diffWeights,
  ];
  const byKey = new Map([new addon.Layout([oc, ic, k, k]), ...made].map((one) => [one.key, one]));
  return [...byKey.values()];
}

const areSame = (a: Float32Array, b: Float32Array): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i]);

describeNative("weights from one layout to another", () => {
  test.each(WEIGHTS)("%i to %i channels, a kernel of %i", (...shape) => {
    const addon = loadAddon();
    const [plain, ...others] = layoutsOf(shape) as [Layout, ...Layout[]];
    const values = Float32Array.from({ length: plain.count }, (_, i) => i + 1);
    const layouts = new Layouts(addon);
    /** The array in a layout, padding included: memory that held something else is written wholly. */
    const moved = (make: typeof addon.reorder, from: Layout, to: Layout, x: Float32Array) => {
      const y = new Float32Array(to.stored).fill(7);
      make(from, to).run(x, y);
      return y;
    };
    const byElement = addon.moveElements.bind(addon);
    for (const from of [plain, ...others]) {
      const x = moved(byElement, plain, from, values);
      expect(areSame(moved(byElement, from, plain, x), values)).toBe(true);
      // The padding is 0, and nothing else is.
      expect(areSame(x.filter((value) => value !== 0).sort(), values)).toBe(true);
      for (const to of others) {
        const y = moved(byElement, from, to, x);
        expect(areSame(y, moved(byElement, plain, to, values))).toBe(true);
        expect(areSame(moved(layouts.reorder.bind(layouts), from, to, x), y)).toBe(true);
        if (!addon.reorderPadsWeights) continue;
        expect(areSame(moved(addon.reorder, from, to, x), y)).toBe(true);
      }
    }
  });

  test("layouts of other dims are refused", () => {
    const { Layout, moveElements } = loadAddon();
    expect(() => moveElements(new Layout([2, 3]), new Layout([3, 2]))).toThrow(
      "layouts of other dims",
    );
  });
});
