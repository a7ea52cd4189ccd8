import type { Blob } from "../../../src/blob/blob.ts";
import type { Net } from "../../../src/net/net.ts";
import type { FloatArray } from "../../../src/util/arrays.ts";
import { Random } from "../../../src/util/random.ts";
import { type Recipe, recipes } from "./recipes.ts";

/** What float32 rounds a number by, relative to it. */
const ROUNDING = 2 ** -23;

/**
 * Makes a net in float64 round like another float32 engine might: before a layer runs its bottoms move by a rounding
 * error, after it its tops do, and so do gradients on their way back. How far the results move is what
 * an engine in float32 may be off by, however ill-conditioned the net is.
 *
 * Layers that compare see equal values move alike, so that a tie stays one: who decides it is no matter of rounding.
 */
export function roundOtherwise(net: Net, seed: number): void {
  const restored: (() => void)[] = [];
  const random = new Random(seed, "rounding");
  const moveEach = (values: FloatArray, least = 0): void => {
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? 0;
      if (!Number.isFinite(value)) continue;
      values[i] = value + ROUNDING * random.uniform(-1, 1) * (Math.abs(value) + least);
    }
  };
  const moveAlike = (values: FloatArray): void => {
    for (let i = 0; i < values.length; i++) values[i] = movedAlike(values[i] ?? 0, seed);
  };
  net.beforeForward.push((i) => {
    const isTold = recipeOf(net, i)?.selects;
    const tops = net.topBlobs[i] ?? [];
    for (const [b, blob] of (net.bottomBlobs[i] ?? []).entries()) {
      if (isView(net, i) || isIndex(net, i, b, blob)) continue;
      const { dataMem } = blob;
      const before = blob.values().slice();
      (isTold ? moveAlike : moveEach)(blob.data);
      if (tops.some((top) => top.dataMem === dataMem)) continue;
      restored.push(() => dataMem.overwriteCpu().set(before));
    }
  });
  net.afterForward.push((i) => {
    for (const restore of restored.splice(0)) restore();
    const bottoms = net.bottomBlobs[i] ?? [];
    if (bottoms.length === 0 || isView(net, i)) return;
    for (const top of net.topBlobs[i] ?? []) {
      if (recipeOf(net, i)?.saturates) moveEach(top.data, sizeOf(bottoms));
      else if (!isWhole(top.values())) moveAlike(top.data);
    }
  });
  net.afterBackward.push((i) => {
    if (!net.layerNeedsBackward[i] || isView(net, i)) return;
    const bottoms = (net.bottomBlobs[i] ?? []).filter((_, b) => net.bottomNeedsBackward[i]?.[b]);
    const tops = net.topBlobs[i] ?? [];
    const least = recipeOf(net, i)?.saturates ? largest(tops.map((top) => top.diffValues())) : 0;
    for (const { diffMem } of bottoms) moveEach(diffMem.mutableCpu(), least);
    if (least === 0) return;
    const size = least * sizeOf(net.bottomBlobs[i] ?? []);
    for (const { diffMem } of net.layers[i]?.blobs ?? []) moveEach(diffMem.mutableCpu(), size);
  });
}

function recipeOf(net: Net, i: number): Recipe | undefined {
  return recipes[net.layers[i]?.param.type ?? ""];
}

function largest(arrays: readonly FloatArray[]): number {
  return arrays.reduce((most, all) => Math.max(most, ...all.map(Math.abs)), 0);
}

/** The largest number that a layer reads, or 1. */
function sizeOf(bottoms: readonly Blob[]): number {
  return Math.max(1, largest(bottoms.map((bottom) => bottom.values())));
}

/** Layers that hand on what they get. */
const views = new Set(["Flatten", "Reshape", "Split", "Silence"]);

function isView(net: Net, i: number): boolean {
  return views.has(net.layers[i]?.param.type ?? "");
}

/** Labels, row numbers and selectors are no measurements: they have no error. */
function isIndex(net: Net, i: number, b: number, blob: Blob): boolean {
  return !net.layers[i]?.allowForceBackward(b) || (b > 0 && isWhole(blob.values()));
}

function isWhole(values: ArrayLike<number>): boolean {
  return Array.prototype.every.call(values, Number.isInteger);
}

const bits = new DataView(new ArrayBuffer(8));

/** A number moved by less than a rounding error; equal ones move alike. */
function movedAlike(value: number, seed: number): number {
  if (!Number.isFinite(value)) return value;
  bits.setFloat64(0, value);
  const random = new Random(seed, bits.getUint32(0), bits.getUint32(4));
  return value * (1 + ROUNDING * random.uniform(-1, 1));
}
