import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf } from "../../util/shape.ts";
import type { BatchNormDescriptor, BatchNormOp } from "../engine.ts";
import { joinMeans, joinStatistics } from "../ops/joined-batch.ts";
import type { Buffer, Layout } from "./addon.ts";
import { type Layouts, viewOf } from "./layouts.ts";
import type { Held } from "./memory-pool.ts";
import { type Line, lineOf } from "./post-ops.ts";

/** What the addon's backward writes and adds to, and the means that it takes as given. */
type Gradients = [
  dx: Buffer | undefined,
  dScale: Buffer | undefined,
  dBias: Buffer | undefined,
  meanGradient: Buffer | undefined,
  meanAlong: Buffer | undefined,
];

/** Normalisation per channel in the layout the bottom lies in; backward reads the bottom as it was. */
export function nativeBatchNorm(layouts: Layouts, d: BatchNormDescriptor): BatchNormOp {
  const { addon } = layouts;
  const { eps, useGlobalStats } = d;
  const join = useGlobalStats ? undefined : d.join;
  const channels = d.shape.length > 1 ? (d.shape[1] ?? 1) : 1;
  /** Elements of a channel. */
  const samples = countOf(d.shape) / channels;
  let layout: Layout = layouts.plain(d.shape);
  const input = new KeptInput(layouts);
  return {
    accepts: (posts) => lineOf(posts) !== undefined,
    forward(x, mean, variance, y, posts = []) {
      const { scale, bias, slope, ceiling } = lineOf(posts) as Line;
      layout = layouts.currentOf(x, d.shape, "blocks");
      const source = layouts.read(x, layout);
      if (!useGlobalStats || posts.length > 0) input.keep(x, layout, x === y);
      const [mu, sigma] = useGlobalStats
        ? [mean.cpu(), variance.cpu()]
        : [mean.overwriteCpu(), variance.overwriteCpu()];
      if (join) {
        addon.batchStatistics(...viewOf(layout), source, mu as Float32Array, sigma as Float32Array);
        joinStatistics(join, samples, mu.subarray(0, channels), sigma.subarray(0, channels));
      }
      addon.batchNormForward(
        ...viewOf(layout),
        eps,
        useGlobalStats || join !== undefined,
        slope,
        ceiling,
        source,
        mu as Float32Array,
        sigma as Float32Array,
        scale,
        bias,
        layouts.write(y, layout),
      );
    },
    backward(mean, variance, dy, dx, posts = []) {
      const { scale, bias, slope, ceiling, dScale, dBias } = lineOf(posts) as Line;
      const isKept = !useGlobalStats || posts.length > 0;
      if (!isKept) layout = layouts.currentOf(dy, d.shape, "blocks");
      const gradient = layouts.read(dy, layout);
      const run = (isGiven: boolean, ...gradients: Gradients): void =>
        addon.batchNormBackward(
          ...viewOf(layout),
          eps,
          isGiven,
          slope,
          ceiling,
          isKept ? input.read() : gradient,
          mean.cpu() as Float32Array,
          variance.cpu() as Float32Array,
          scale,
          bias,
          gradient,
          ...gradients,
        );
      const [toScale, toBias] = [dScale, dBias].map(
        (mem) => mem?.mutableCpu() as Float32Array | undefined,
      );
      if (!join) {
        run(useGlobalStats, layouts.write(dx, layout), toScale, toBias, undefined, undefined);
        return;
      }
      const [along, total] = [new Float32Array(channels), new Float32Array(channels)];
      run(true, undefined, along, total, undefined, undefined);
      for (let c = 0; c < channels; c++) {
        if (toScale) toScale[c]! += along[c]!;
        if (toBias) toBias[c]! += total[c]!;
      }
      joinMeans(join, samples, along, total);
      run(false, layouts.write(dx, layout), undefined, undefined, total, along);
    },
    again(mean, variance, y) {
      const { scale, bias, slope, ceiling } = lineOf([]) as Line;
      addon.batchNormForward(
        ...viewOf(layout),
        eps,
        true,
        slope,
        ceiling,
        input.read(),
        mean.cpu() as Float32Array,
        variance.cpu() as Float32Array,
        scale,
        bias,
        layouts.write(y, layout),
      );
    },
  };
}

/** An input that backward reads, although the layer may overwrite it in place. */
class KeptInput {
  readonly #layouts: Layouts;
  #held: Held | undefined;
  #mem: SyncedMem | undefined;
  #layout: Layout | undefined;

  constructor(layouts: Layouts) {
    this.#layouts = layouts;
  }

  /** Keeps the array's present elements; without copying, where it is not overwritten or the layout is a private one. */
  keep(mem: SyncedMem, layout: Layout, isOverwritten: boolean): void {
    this.drop();
    this.#layout = layout;
    if (isOverwritten || !layout.isPlain) this.#held = this.#layouts.keep(mem, layout);
    else this.#mem = mem;
  }

  /** The elements, in the layout in which they were kept. */
  read(): Buffer {
    if (this.#held) return this.#held.memory;
    return this.#layouts.read(this.#mem as SyncedMem, this.#layout as Layout);
  }

  /** Lets go of them. */
  drop(): void {
    if (this.#held) this.#layouts.pool.release(this.#held);
    this.#held = undefined;
    this.#mem = undefined;
  }
}
