import { Blob, elementsOf } from "../../blob/blob.ts";
import type { NdArray } from "../../blob/nested.ts";
import { allocate, type DType, type FloatArray } from "../../util/arrays.ts";
import { NetError } from "../../util/errors.ts";
import { checkOptions } from "../../util/options.ts";
import { recordOf } from "../../util/records.ts";
import { countOf } from "../../util/shape.ts";
import { checkComputed, isComputed, refusing } from "../build/computed.ts";
import { toHost } from "./host-access.ts";
import { Loss } from "./loss.ts";
import {
  type ArraysByName,
  type NetTurn,
  type ValuesByName,
  writeGradients,
  writeInputs,
} from "./pass.ts";
import type { NetPasses } from "./passes.ts";

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
 * @throws NetError where the numbers of samples differ, or there is no such input or blob
 */
export async function runAll(
  net: NetPasses,
  turn: NetTurn,
  inputs: ArraysByName,
  topDiffs: ArraysByName | undefined,
  options: AllOptions,
): Promise<AllPasses> {
  checkOptions("forwardAll and forwardBackwardAll", options, { blobs: true, diffs: true });
  const { blobs = [], diffs = [] } = options;
  const count = sampleCount(net, [...Object.entries(inputs), ...Object.entries(topDiffs ?? {})]);
  const batch = Math.max(1, net.blob(net.inputs[0] ?? "").shape[0] ?? 1);
  const data = new Collector(net, [...net.outputs, ...blobs], "data");
  if (topDiffs) checkComputed(net, diffs);
  const computed = net.inputs.filter((name) => isComputed(net, name));
  const diff = new Collector(net, topDiffs ? [...computed, ...diffs] : [], "diff");
  const loss = new Loss();
  for (let from = 0; from < count; from += batch) {
    const size = Math.min(batch, count - from);
    writeInputs(net, slices(net, inputs, from, size, batch));
    await turn.forward(loss);
    await data.take(batch, size);
    if (!topDiffs) continue;
    writeGradients(net, slices(net, topDiffs, from, size, batch));
    await turn.backward();
    await diff.take(batch, size);
  }
  return { blobs: data.blobs(), diffs: refusing(net, net.inputs, diff.blobs()) };
}

/** Arrays of a net's element type, with numbers of their own: many passes read them, while whoever gave them may go on. */
export function arraysOf(values: ValuesByName, dtype: DType): ArraysByName {
  return Object.fromEntries(
    Object.entries(values).map(([name, given]) => {
      const { shape, data } = elementsOf(given);
      const copy = allocate(dtype, data.length);
      copy.set(data);
      return [name, { shape: [...shape], data: copy }];
    }),
  );
}

function sampleCount(net: NetPasses, arrays: readonly (readonly [string, NdArray])[]): number {
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
function slices(
  net: NetPasses,
  arrays: ArraysByName,
  from: number,
  size: number,
  batch: number,
): ArraysByName {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { shape, data }]) => {
      const length = countOf(shape, 1);
      const slice = allocate(net.dtype, batch * length);
      slice.set((data as FloatArray).subarray(from * length, (from + size) * length));
      return [name, { shape: [batch, ...shape.slice(1)], data: slice }];
    }),
  );
}

/** Keeps what blobs hold after each batch, and joins it along the first axis. */
class Collector {
  readonly #net: NetPasses;
  readonly #which: "data" | "diff";
  readonly #kept: Map<string, { shape: readonly number[]; parts: ArrayLike<number>[] }>;

  constructor(net: NetPasses, names: readonly string[], which: "data" | "diff") {
    this.#net = net;
    this.#which = which;
    this.#kept = new Map(names.map((name) => [name, { shape: [], parts: [] }]));
  }

  async take(batch: number, size: number): Promise<void> {
    const blobs = [...this.#kept.keys()].map((name) => this.#net.blob(name));
    await toHost(blobs.map(({ dataMem, diffMem }) => (this.#which === "data" ? dataMem : diffMem)));
    this.#net.checkOpen();
    for (const [name, kept] of this.#kept) {
      const blob = this.#net.blob(name);
      const values = this.#which === "data" ? blob.values() : blob.diffValues();
      const isPerSample = blob.shape[0] === batch;
      kept.shape = isPerSample ? blob.shape.slice(1) : blob.shape;
      kept.parts.push(values.slice(0, isPerSample ? size * blob.count(1) : blob.count()));
    }
  }

  blobs(): Record<string, Blob> {
    return recordOf(
      [...this.#kept].map(([name, { shape, parts }]) => {
        const length = parts.reduce((sum, part) => sum + part.length, 0);
        const count = length / Math.max(1, countOf(shape));
        const joined = new Blob([count, ...shape], this.#net.dtype);
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
