import { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf } from "../../util/shape.ts";
import type { BatchNormDescriptor, BatchNormOp, MVNDescriptor, MVNOp } from "../engine.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import type { ChannelView } from "./channel-sums.ts";
import type { Kernel } from "./kernels.ts";
import { groupsFor, type Scope, uniforms } from "./scope.ts";
import { batchNorm as code } from "./shaders.ts";

/** What a channel is divided by; see batch-norm.wgsl. */
const DIVISORS = { batchNorm: 0, mvn: 1, none: 2 } as const;

/** What normalising by batch and by row have in common. */
class Normalisation {
  readonly #scope: Scope;
  readonly #view: ChannelView;
  readonly #divisor: number;
  readonly #slices: number;
  readonly #params: Uint32Array;

  constructor(scope: Scope, view: ChannelView, eps: number, divisor: keyof typeof DIVISORS) {
    const { outer, length, inner } = view;
    this.#scope = scope;
    this.#view = view;
    this.#divisor = DIVISORS[divisor];
    const extent = outer * inner;
    const sliceLength = Math.max(1024, Math.ceil(extent / Math.max(1, Math.ceil(256 / length))));
    this.#slices = Math.max(1, Math.ceil(extent / sliceLength));
    this.#params = uniforms([eps], [outer, length, inner, this.#slices, sliceLength]);
  }

  /** Writes the mean and the biased variance of each channel of x. */
  statistics(x: SyncedMem, mean: SyncedMem, variance: SyncedMem): void {
    const parts = this.#parts();
    const statistics = this.#kernel("statistics", "r..w");
    statistics.run([this.#scope.read(x), parts], this.#params, this.#groups, this.#slices);
    const merged = [mean, variance].map((mem) => this.#scope.write(mem));
    const merge = this.#kernel("merge", "...w..ww");
    merge.run([parts, ...merged], this.#params, groupsFor(this.#view.length));
  }

  /** y = (x − mean) / σ, and the same to `kept` where that is given. */
  apply(x: SyncedMem, mean: SyncedMem, variance: SyncedMem, y: SyncedMem, kept?: SyncedMem): void {
    const [input, output, inPlace] = this.#through(x, y);
    const buffers = [input, output, this.#scope.read(mean), this.#scope.read(variance)];
    const constants = { IN_PLACE: inPlace };
    if (kept) {
      const both = this.#kernel("applyAndKeep", "rw..rr..w", constants);
      both.run([...buffers, this.#scope.write(kept)], this.#params, this.#all);
    } else this.#kernel("apply", "rw..rr", constants).run(buffers, this.#params, this.#all);
  }

  /** dx from dy and the normalised values; without these, the statistics were given and do not depend on x. */
  gradient(
    normalised: SyncedMem | undefined,
    variance: SyncedMem,
    dy: SyncedMem,
    dx: SyncedMem,
  ): void {
    const { nothing } = this.#scope.gpu;
    const values = normalised ? this.#scope.read(normalised) : nothing;
    const spread = this.#scope.read(variance);
    const [input, output, inPlace] = this.#through(dy, dx);
    const buffers = [input, output, values, this.#parts()];
    const constants = { IN_PLACE: inPlace };
    if (normalised) {
      const sums = this.#kernel("gradientSums", "rwrw", constants);
      sums.run(buffers, this.#params, this.#groups, this.#slices);
    }
    const isGlobal = { ...constants, IS_GLOBAL: normalised ? 0 : 1 };
    const gradient = this.#kernel("gradient", "rwrw.r", isGlobal);
    gradient.run([...buffers, spread], this.#params, this.#all);
  }

  get #groups(): number {
    return Math.min(this.#view.length, 65535);
  }

  get #all(): number {
    const { outer, length, inner } = this.#view;
    return groupsFor(outer * length * inner);
  }

  #parts(): GpuBuffer {
    return this.#scope.workspace(2 * this.#slices * this.#view.length);
  }

  #kernel(entry: string, arrays: string, constants: Readonly<Record<string, number>> = {}): Kernel {
    return this.#scope.summingKernel({
      name: `normalisation, ${entry}`,
      code,
      entry,
      arrays,
      constants: { DIVISOR: this.#divisor, ...constants },
    });
  }

  #through(from: SyncedMem, to: SyncedMem): readonly [GpuBuffer, GpuBuffer, 0 | 1] {
    const { gpu } = this.#scope;
    return from === to
      ? [gpu.nothing, this.#scope.update(to), 1]
      : [this.#scope.read(from), this.#scope.write(to), 0];
  }
}

/** Batch normalisation: the channels are axis 1. The normalised values are kept for backward. */
export function webgpuBatchNorm(scope: Scope, d: BatchNormDescriptor): BatchNormOp {
  const count = countOf(d.shape);
  const outer = d.shape[0] ?? 1;
  const length = d.shape.length > 1 ? (d.shape[1] ?? 1) : 1;
  const view = { outer, length, inner: count / (outer * length) };
  const normalisation = new Normalisation(scope, view, d.eps, "batchNorm");
  const normalised = new SyncedMem(d.useGlobalStats ? 0 : count);
  return {
    forward(x, mean, variance, y) {
      if (d.useGlobalStats) {
        normalisation.apply(x, mean, variance, y);
        return;
      }
      normalisation.statistics(x, mean, variance);
      // In place, the layers behind overwrite y before backward reads it.
      normalisation.apply(x, mean, variance, y, normalised);
    },
    backward(_mean, variance, dy, dx) {
      normalisation.gradient(d.useGlobalStats ? undefined : normalised, variance, dy, dx);
    },
  };
}

/** Rows are the channels of a single image. Its own statistics are kept for backward. */
export function webgpuMVN(scope: Scope, d: MVNDescriptor): MVNOp {
  const view = { outer: 1, length: d.rows, inner: d.size };
  const divisor = d.normalizeVariance ? "mvn" : "none";
  const normalisation = new Normalisation(scope, view, d.eps, divisor);
  const [mean, variance] = [new SyncedMem(d.rows), new SyncedMem(d.rows)];
  return {
    forward(x, y) {
      normalisation.statistics(x, mean, variance);
      normalisation.apply(x, mean, variance, y);
    },
    backward(y, dy, dx) {
      normalisation.gradient(y, variance, dy, dx);
    },
  };
}
