import { Blob, elementsOf } from "../blob/blob.ts";
import type { NdArray } from "../blob/nested.ts";
import type { SyncedMem } from "../syncedmem/synced-mem.ts";
import { NetError } from "../util/errors.ts";
import { recordOf } from "../util/records.ts";
import { countOf } from "../util/shape.ts";
import type { Net } from "./net.ts";
import type { ValuesByName } from "./pass.ts";

/** What `Net.forwardBackwardAll` gives: blobs of all samples, their data and their diffs. */
export interface AllPasses {
  readonly blobs: Record<string, Blob>;
  readonly diffs: Record<string, Blob>;
}

/** Which blobs of a run over many batches are collected, besides the net's outputs and inputs. */
export interface AllOptions {
  readonly blobs?: readonly string[];
  readonly diffs?: readonly string[];
}

/**
 * Runs all samples, a batch of the net's size at a time; the last batch is filled up with zeros whose results are
 * dropped. A blob without a batch axis (a loss) comes once for each batch.
 *
 * @param topDiffs gradients of outputs, of all samples; with them each batch also runs backward
 * @throws NetError where the numbers of samples differ
 */
export async function runAll(
  net: Net,
  inputs: ValuesByName,
  topDiffs: ValuesByName | undefined,
  { blobs = [], diffs = [] }: AllOptions,
): Promise<AllPasses> {
  const all = arraysOf(inputs);
  const gradients = arraysOf(topDiffs ?? {});
  const count = sampleCount(net, [...all, ...gradients]);
  const batch = net.blob(net.inputs[0] ?? "").shape[0] ?? 1;
  const data = new Collector(net, [...net.outputs, ...blobs], "data");
  const diff = new Collector(net, topDiffs ? [...net.inputs, ...diffs] : [], "diff");
  for (let from = 0; from < count; from += batch) {
    const size = Math.min(batch, count - from);
    await net.forward(slices(all, from, size, batch));
    await data.take(batch, size);
    if (!topDiffs) continue;
    await net.backward(slices(gradients, from, size, batch));
    await diff.take(batch, size);
  }
  return { blobs: data.blobs(), diffs: diff.blobs() };
}

type Named = readonly (readonly [string, NdArray])[];

function arraysOf(values: ValuesByName): Named {
  return Object.entries(values).map(([name, given]) => [name, elementsOf(given)]);
}

function sampleCount(net: Net, arrays: Named): number {
  const counts = new Set(arrays.map(([, { shape }]) => shape[0] ?? 1));
  const [count] = counts;
  if (counts.size !== 1 || count === undefined) {
    throw new NetError(
      `net "${net.name}": ${arrays.map(([name, { shape }]) => `${shape[0] ?? 1} samples for "${name}"`).join(", ") || "no samples"}. Expected one number of samples for all.`,
    );
  }
  return count;
}

/** Samples [from, from + size) of each array, and zeros behind them up to a whole batch. */
function slices(arrays: Named, from: number, size: number, batch: number): ValuesByName {
  return Object.fromEntries(
    arrays.map(([name, { shape, data }]) => {
      const length = countOf(shape, 1);
      const slice = new Float32Array(batch * length);
      slice.set(Array.prototype.slice.call(data, from * length, (from + size) * length));
      return [name, { shape: [batch, ...shape.slice(1)], data: slice }];
    }),
  );
}

/** Keeps what blobs hold after each batch, and joins it along the first axis. */
class Collector {
  readonly #net: Net;
  readonly #which: "data" | "diff";
  readonly #kept: Map<string, { shape: readonly number[]; parts: ArrayLike<number>[] }>;

  constructor(net: Net, names: readonly string[], which: "data" | "diff") {
    this.#net = net;
    this.#which = which;
    this.#kept = new Map(names.map((name) => [name, { shape: [], parts: [] }]));
  }

  async take(batch: number, size: number): Promise<void> {
    const mems = [...this.#kept.keys()].map((name) => this.#memOf(name));
    await Promise.all(mems.map((mem) => mem.toHost()));
    for (const [name, kept] of this.#kept) {
      const blob = this.#net.blob(name);
      const values = this.#which === "data" ? blob.values() : blob.diffValues();
      const isPerSample = blob.shape[0] === batch;
      kept.shape = isPerSample ? blob.shape.slice(1) : blob.shape;
      kept.parts.push(values.slice(0, isPerSample ? size * blob.count(1) : blob.count()));
    }
  }

  #memOf(name: string): SyncedMem {
    const { dataMem, diffMem } = this.#net.blob(name);
    return this.#which === "data" ? dataMem : diffMem;
  }

  blobs(): Record<string, Blob> {
    return recordOf(
      [...this.#kept].map(([name, { shape, parts }]) => {
        const length = parts.reduce((sum, part) => sum + part.length, 0);
        const joined = new Blob([length / Math.max(1, countOf(shape)), ...shape]);
        const to = joined.dataMem.overwriteCpu();
        let at = 0;
        for (const part of parts) {
          to.set(part, at);
          at += part.length;
        }
        return [name, joined] as const;
      }),
    );
  }
}
