import fc from "fast-check";
import { describe, expect } from "vitest";
import type { Engine, UnaryKernel } from "../../../src/engines/engine.ts";
import type { Primitive } from "../../../src/engines/native/addon.ts";
import { loadAddon } from "../../../src/engines/native/binding.ts";
import { nativeEngine } from "../../../src/engines/native/index.ts";
import { Layouts } from "../../../src/engines/native/layouts.ts";
import type { Tuner } from "../../../src/engines/native/tuner.ts";
import { ReferenceEngine } from "../../../src/engines/reference/index.ts";
import { SyncedMem } from "../../../src/syncedmem/synced-mem.ts";
import { Random } from "../../../src/util/random.ts";
import { availableEngines } from "../../support/engines.ts";

/** The engine that every other is compared with. */
export const reference: Engine = new ReferenceEngine();

/** Runs the tests where the native engine has been built; elsewhere they are skipped by name. */
export function describeNative(title: string, body: (native: Required<Engine>) => void): void {
  const native = availableEngines.get("native")?.[0];
  describe.skipIf(native === undefined)(`${title} on native`, () => {
    if (native) body({ ...reference, ...native } as Required<Engine>);
  });
}

/** Channels in blocks that loops of ours have here: the addon's own number, and 8. */
export const LANES: readonly (8 | 16)[] =
  availableEngines.get("native") && loadAddon().lanes === 16 ? [8, 16] : [8];

/** The native engine, with algorithms as that tuner chooses them. */
export function nativeWith(tuner: Tuner): Engine {
  return { ...reference, ...nativeEngine(loadAddon(), reference, tuner) } as Engine;
}

/** The rectifier as the ReLU layer states it. */
export const relu: UnaryKernel<Readonly<Record<string, number>>> = {
  name: "relu",
  reference: {
    forward(n, x, y, { slope = 0 }) {
      for (let i = 0; i < n; i++) y[i] = x[i]! > 0 ? x[i]! : slope * x[i]!;
    },
    backward(n, x, _y, dy, dx, { slope = 0 }) {
      for (let i = 0; i < n; i++) dx[i] = x[i]! > 0 ? dy[i]! : slope * dy[i]!;
    },
  },
  native: ["slope"],
};

/** An array of noise in [-1, 1); equal seeds give equal arrays. */
export function filled(count: number, seed: number): SyncedMem {
  const random = new Random(seed);
  const mem = new SyncedMem(count);
  const values = mem.overwriteCpu();
  for (let i = 0; i < count; i++) values[i] = random.uniform(-1, 1);
  return mem;
}

/** Runs a primitive on plain arrays; those named in `results` come back plain, memory before it was full of NaN. */
export function runPlain<Names extends string>(
  primitive: Primitive<Names>,
  given: Partial<Record<Names, Float32Array>>,
): Map<string, Float32Array> {
  const addon = loadAddon();
  const layouts = new Layouts(addon);
  const nothing = (count: number) => {
    const memory = new addon.Store(count);
    addon.copy(count, new Float32Array(count).fill(Number.NaN), memory);
    return memory;
  };
  const entries = Object.entries<Primitive["layouts"][string]>(primitive.layouts);
  const memories = entries.map(([name, layout]) => {
    const memory = nothing(layout.stored);
    const values = given[name as Names];
    if (values) layouts.reorder(layouts.plain(layout.dims), layout).run(values, memory);
    return memory;
  });
  primitive.run(...memories, ...(primitive.scratch > 0 ? [nothing(primitive.scratch)] : []));
  const results = new Map<string, Float32Array>();
  entries.forEach(([name, layout], i) => {
    if (given[name as Names]) return;
    const plain = new Float32Array(layout.count);
    layouts.reorder(layout, layouts.plain(layout.dims)).run(memories[i]!, plain);
    results.set(name, plain);
  });
  return results;
}

/** Runs the same work on both engines and compares what it gives, within float32 rounding of long sums. */
export function same(native: Engine, work: (engine: Engine) => readonly SyncedMem[]): void {
  const [got, wanted] = [work(native), work(reference)];
  got.forEach((mem, k) => {
    const [a, b] = [mem.cpu(), wanted[k]!.cpu()];
    for (let i = 0; i < mem.count; i++) {
      const scale = Math.max(1, Math.abs(b[i]!));
      // The mean over a window that lies outside the image is 0/0, in Caffe too.
      const alike = Number.isNaN(b[i])
        ? Number.isNaN(a[i])
        : Math.abs(a[i]! - b[i]!) <= 5e-5 * scale;
      if (!alike) {
        expect.fail(`result ${k}, element ${i}: ${a[i]} is not ${b[i]}`);
      }
    }
  });
}

/** Checks a property on the same cases in every run. */
export function check<T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void): void {
  fc.assert(fc.property(arbitrary, property), { numRuns: 60, seed: 1701 });
}
