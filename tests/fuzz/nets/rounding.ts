import type { Blob } from "../../../src/blob/blob.ts";
import type { LayerClass } from "../../../src/layers/registry.ts";
import type { Net } from "../../../src/net/net.ts";
import type { FloatArray } from "../../../src/util/arrays.ts";
import { Random } from "../../../src/util/random.ts";
import { type Recipe, recipes } from "./recipes.ts";

/** What float32 rounds a number by, relative to it. */
const ROUNDING = 2 ** -23;

/**
 * Makes a net in float64 round like another float32 engine might: before a layer runs its bottoms move by a rounding
 * error, after it its tops do, and so do gradients before it and after it on their way back. How far the results move
 * is what an engine in float32 may be off by, however ill-conditioned the net is.
 *
 * Layers that compare see equal values move alike, so that a tie stays one: who decides it is no matter of rounding.
 */
export function roundOtherwise(net: Net, seed: number): void {
  const restored: (() => void)[] = [];
  /** Per layer: by how much more than its gradient a rounding error inside it counts, and the largest number it read. */
  const gains = new Map<number, { readonly gain: number; readonly size: number }>();
  let read: FloatArray[] = [];
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

  /** Moves what layer i reads, until `restored` is called. What it works on in place stays moved. */
  const moveBottoms = (i: number): void => {
    const isTold = recipeOf(net, i)?.selects;
    const tops = net.topBlobs[i] ?? [];
    for (const [b, blob] of (net.bottomBlobs[i] ?? []).entries()) {
      if (isView(net, i) || isIndex(net, i, b)) continue;
      const { dataMem } = blob;
      const before = blob.values().slice();
      (isTold ? moveAlike : moveEach)(blob.data);
      if (tops.some((top) => top.dataMem === dataMem)) continue;
      restored.push(() => dataMem.overwriteCpu().set(before));
    }
    const isLearned = recipeOf(net, i)?.hasParameters && (net.bottomBlobs[i]?.length ?? 0) > 0;
    for (const { dataMem } of isLearned ? (net.layers[i]?.blobs ?? []) : []) {
      const before = dataMem.cpu().slice();
      moveEach(dataMem.mutableCpu());
      restored.push(() => dataMem.overwriteCpu().set(before));
    }
  };

  net.beforeForward.push((i) => {
    read = (net.bottomBlobs[i] ?? []).map((blob) => blob.values().slice());
    moveBottoms(i);
  });
  net.afterForward.push((i) => {
    for (const restore of restored.splice(0)) restore();
    const tops = net.topBlobs[i] ?? [];
    if (read.length === 0 || isView(net, i)) return;
    const recipe = recipeOf(net, i);
    const size = Math.max(1, largest(read));
    const gain = recipe?.saturates === "times x" ? size : 1;
    if (recipe?.saturates) gains.set(i, { gain, size });
    const slope = recipe?.normalizes && tops[0] ? steepest(read[0], tops[0]) : 0;
    // Its mean is rounded too, and that error is divided by the deviation.
    const error = slope * largest(read);
    if (slope > 0) gains.set(i, { gain: slope * (1 + error), size: 1 });
    for (const top of tops) {
      if (recipe?.saturates) moveEach(top.data, gain);
      else if (slope > 0) moveEach(top.data, error);
      else if (!isWhole(top.values())) moveAlike(top.data);
    }
  });
  let least = 0;
  net.beforeBackward.push((i) => {
    if (!net.layerNeedsBackward[i] || isViewBackward(net, i)) return;
    moveBottoms(i);
    const tops = net.topBlobs[i] ?? [];
    for (const { diffMem } of tops) moveEach(diffMem.mutableCpu());
    least = (gains.get(i)?.gain ?? 0) * largest(tops.map((top) => top.diffValues()));
  });
  net.afterBackward.push((i) => {
    for (const restore of restored.splice(0)) restore();
    if (!net.layerNeedsBackward[i] || isViewBackward(net, i)) return;
    const bottoms = (net.bottomBlobs[i] ?? []).filter((_, b) => net.bottomNeedsBackward[i]?.[b]);
    for (const { diffMem } of bottoms) moveEach(diffMem.mutableCpu(), least);
    if (least === 0) return;
    const size = least * (gains.get(i)?.size ?? 1);
    for (const { diffMem } of net.layers[i]?.blobs ?? []) moveEach(diffMem.mutableCpu(), size);
  });
}

function recipeOf(net: Net, i: number): Recipe | undefined {
  return recipes[net.layers[i]?.param.type ?? ""];
}

function largest(arrays: readonly FloatArray[]): number {
  return arrays.reduce((most, all) => Math.max(most, ...all.map(Math.abs)), 0);
}

/** The slope where nothing shows it: that of BatchNorm where its ε is all that it divides by, and more. */
const STEEP = 1e3;

/** How steep a function is at the most, between neighbours and from one image to the next. */
function steepest(x: FloatArray = new Float64Array(0), top: Blob): number {
  const y = top.values();
  let most = 0;
  for (const step of [1, top.count(1)]) {
    for (let i = step; step > 0 && i < Math.min(x.length, y.length); i++) {
      const [dx, dy] = [x, y].map((all) => (all[i] ?? 0) - (all[i - step] ?? 0));
      const slope = Math.abs((dy ?? 0) / (dx ?? 0));
      if (Number.isFinite(slope)) most = Math.max(most, slope);
    }
  }
  return most === 0 || hasFlatChannel(x, top) ? Math.max(most, STEEP) : most;
}

/** Whether a channel has one value everywhere: how steep the function is in there no difference shows. */
function hasFlatChannel(x: FloatArray, top: Blob): boolean {
  const [channels, size] = [top.shape[1] ?? 1, top.count(Math.min(2, top.shape.length))];
  return Array.from({ length: channels }, (_, c) => c).some((c) => {
    const first = x[c * size];
    return x.every((value, i) => Math.floor(i / size) % channels !== c || value === first);
  });
}

/** Layers that hand on what they get. */
const views = new Set(["Flatten", "Reshape", "Split", "Silence"]);

function isView(net: Net, i: number): boolean {
  return views.has(net.layers[i]?.param.type ?? "");
}

/** Whether backward computes nothing: that of Split adds. */
function isViewBackward(net: Net, i: number): boolean {
  return isView(net, i) && net.layers[i]?.param.type !== "Split";
}

/** Labels, row numbers and selectors are no measurements: they have no error. */
function isIndex(net: Net, i: number, b: number): boolean {
  const layer = net.layers[i];
  const { hostBottoms = [] } = (layer?.constructor ?? {}) as Partial<LayerClass>;
  const count = net.bottomBlobs[i]?.length ?? 0;
  return (
    !layer?.allowForceBackward(b) || hostBottoms.some((index) => (index + count) % count === b)
  );
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
