import { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf } from "../../util/shape.ts";
import type { BatchNormDescriptor, BatchNormOp, MVNDescriptor, MVNOp, PostOps } from "../engine.ts";
import type { LinePost } from "../ops/line-post.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import { addSlices, type ChannelView } from "./channel-sums.ts";
import { groupsFor, MOST_GROUPS, uniforms } from "./dispatch.ts";
import type { Kernel } from "./kernels.ts";
import { type FunctionPost, postsOf } from "./post-ops.ts";
import type { Scope } from "./scope.ts";
import { batchNorm as code } from "./shaders.ts";
import { IDENTITY, numbersOf, unaryFunctions } from "./unary-functions.ts";

/** What a channel is divided by; see batch-norm.wgsl. */
const DIVISORS = { batchNorm: 0, mvn: 1, none: 2 } as const;

/** What comes behind a normalisation: a line per channel, a function, both, or nothing. */
interface Behind {
  readonly line?: LinePost | undefined;
  readonly post?: FunctionPost | undefined;
}

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
    const numbers = [...numbersOf(), eps];
    this.#params = uniforms(numbers, [outer, length, inner, this.#slices, sliceLength]);
  }

  /** Writes the mean (of rows: the means, then what they were rounded by) and the biased variance of each channel of x. */
  statistics(x: SyncedMem, mean: SyncedMem, variance: SyncedMem): void {
    const parts = this.#parts();
    const statistics = this.#kernel("statistics", "r..w");
    statistics.run([this.#scope.read(x), parts], this.#params, this.#groups, this.#slices);
    const merged = [mean, variance].map((mem) => this.#scope.write(mem));
    const merge = this.#kernel("merge", "...w..ww");
    merge.run([parts, ...merged], this.#params, groupsFor(this.#view.length));
  }

  /** y = f(γ·x̂ + β) with x̂ = (x − mean) / σ, which goes to `kept` where that is given. */
  apply(
    x: SyncedMem,
    mean: SyncedMem,
    variance: SyncedMem,
    y: SyncedMem,
    kept?: SyncedMem,
    behind: Behind = {},
  ): void {
    const given = [this.#scope.read(mean), this.#scope.read(variance)];
    const keeping = kept ? [this.#scope.pass(kept)] : [];
    const line = this.#line(behind);
    const [input, output, inPlace] = this.#scope.through(x, y);
    const entry = kept ? "applyAndKeep" : "apply";
    const arrays = kept ? "rw..rr..wrr" : "rw..rr...rr";
    const kernel = this.#kernel(entry, arrays, { IN_PLACE: inPlace }, behind);
    kernel.run([input, output, ...given, ...keeping, ...line], this.#params, this.#all);
  }

  /**
   * dx from dy and the normalised values. Gradients of γ and β are added to those that are given.
   * @param isGlobal the statistics were given and do not depend on x
   * @param normalised may be missing where they were given and nothing comes behind
   */
  gradient(
    normalised: SyncedMem | undefined,
    isGlobal: boolean,
    variance: SyncedMem,
    dy: SyncedMem,
    dx: SyncedMem,
    behind: Behind = {},
  ): void {
    const scope = this.#scope;
    const { dScale, dBias } = behind.line ?? {};
    const values = normalised ? scope.read(normalised) : scope.gpu.nothing;
    const spread = scope.read(variance);
    const [parts, line] = [this.#parts(), this.#line(behind)];
    const [input, output, inPlace] = this.#scope.through(dy, dx);
    const buffers = [input, output, values, parts];
    const constants = { IN_PLACE: inPlace };
    if (!isGlobal || dScale || dBias) {
      const sums = this.#kernel("gradientSums", "rwrw.....rr", constants, behind);
      sums.run([...buffers, ...line], this.#params, this.#groups, this.#slices);
      addSlices(scope, parts, this.#slices, this.#view.length, [dBias, dScale]);
    }
    const global = { ...constants, IS_GLOBAL: Number(isGlobal) };
    const gradient = this.#kernel("gradient", "rwrw.r...rr", global, behind);
    gradient.run([...buffers, spread, ...line], this.#params, this.#all);
  }

  /** Whether the mean comes in two parts, of which the second is what the first was rounded by. */
  get #keepsRest(): boolean {
    return this.#divisor !== DIVISORS.batchNorm;
  }

  get #groups(): number {
    return Math.min(this.#view.length, MOST_GROUPS);
  }

  get #all(): number {
    const { outer, length, inner } = this.#view;
    return groupsFor(outer * length * inner);
  }

  #parts(): GpuBuffer {
    // Pairs of numbers, and as many behind them of what means were rounded by.
    return this.#scope.workspace((this.#keepsRest ? 4 : 2) * this.#slices * this.#view.length);
  }

  #line({ line }: Behind): GpuBuffer[] {
    const { nothing } = this.#scope.gpu;
    return [line?.scale, line?.bias].map((mem) => (mem ? this.#scope.read(mem) : nothing));
  }

  #kernel(
    entry: string,
    arrays: string,
    constants: Readonly<Record<string, number>> = {},
    { line, post }: Behind = {},
  ): Kernel {
    new Float32Array(this.#params.buffer).set(numbersOf(post?.params));
    const functions = post ? unaryFunctions(this.#scope, post.kernel, post.params) : IDENTITY;
    return this.#scope.summingKernel({
      name: `normalisation, ${entry}`,
      code: code + functions,
      entry,
      arrays,
      constants: {
        DIVISOR: this.#divisor,
        KEEPS_REST: Number(this.#keepsRest),
        HAS_GAMMA: Number(line !== undefined),
        HAS_BETA: Number(line?.bias !== undefined),
        HAS_POSTS: Number(line !== undefined || post !== undefined),
        ...constants,
      },
    });
  }
}

/** Batch normalisation: the channels are axis 1. The normalised values are kept for backward. */
export function webgpuBatchNorm(scope: Scope, d: BatchNormDescriptor): BatchNormOp {
  const count = countOf(d.shape);
  const outer = d.shape[0] ?? 1;
  const length = d.shape.length > 1 ? (d.shape[1] ?? 1) : 1;
  const view = { outer, length, inner: countOf(d.shape, 2) };
  const normalisation = new Normalisation(scope, view, d.eps, "batchNorm");
  const normalised = new SyncedMem(count);
  /** In place, the layers behind overwrite y before backward reads it. */
  const keeps = (posts: PostOps): boolean => !d.useGlobalStats || posts.length > 0;
  return {
    accepts: (posts) => behindOf(posts) !== undefined,
    forward(x, mean, variance, y, posts = []) {
      if (!d.useGlobalStats) normalisation.statistics(x, mean, variance);
      const kept = keeps(posts) ? normalised : undefined;
      normalisation.apply(x, mean, variance, y, kept, behindOf(posts));
    },
    backward(_mean, variance, dy, dx, posts = []) {
      const kept = keeps(posts) ? normalised : undefined;
      normalisation.gradient(kept, d.useGlobalStats, variance, dy, dx, behindOf(posts));
    },
    again(_mean, _variance, y) {
      scope.copy(count, normalised, y);
    },
  };
}

/** At most one line and then at most one function; undefined for anything else. */
function behindOf(posts: PostOps): Behind | undefined {
  const { lines, post } = postsOf(posts) ?? {};
  return lines && lines.length <= 1 ? { line: lines[0], post } : undefined;
}

/** Rows are the channels of a single image. Its own statistics are kept for backward. */
export function webgpuMVN(scope: Scope, d: MVNDescriptor): MVNOp {
  const view = { outer: 1, length: d.rows, inner: d.size };
  const divisor = d.normalizeVariance ? "mvn" : "none";
  const normalisation = new Normalisation(scope, view, d.eps, divisor);
  const [mean, variance] = [new SyncedMem(2 * d.rows), new SyncedMem(d.rows)];
  return {
    forward(x, y) {
      normalisation.statistics(x, mean, variance);
      normalisation.apply(x, mean, variance, y);
    },
    backward(y, dy, dx) {
      normalisation.gradient(y, false, variance, dy, dx);
    },
  };
}
