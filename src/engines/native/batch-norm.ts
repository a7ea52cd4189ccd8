import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import type { BatchNormDescriptor, BatchNormOp } from "../engine.ts";
import type { Buffer, Layout } from "./addon.ts";
import type { Held } from "./memory-pool.ts";
import { type Places, viewOf } from "./places.ts";

/** Normalisation per channel in the layout the bottom lies in; backward reads the bottom as it was. */
export function nativeBatchNorm(places: Places, d: BatchNormDescriptor): BatchNormOp {
  const { addon } = places;
  const { eps, useGlobalStats } = d;
  let layout: Layout = places.plain(d.shape);
  const input = new KeptInput(places);
  return {
    forward(x, mean, variance, y) {
      layout = places.currentOf(x, d.shape, "blocks");
      const source = places.read(x, layout);
      if (!useGlobalStats) input.keep(x, layout, x === y);
      const [mu, sigma] = useGlobalStats
        ? [mean.cpu(), variance.cpu()]
        : [mean.overwriteCpu(), variance.overwriteCpu()];
      addon.batchNormForward(
        ...viewOf(layout),
        eps,
        useGlobalStats,
        Number.NaN,
        source,
        mu as Float32Array,
        sigma as Float32Array,
        undefined,
        undefined,
        places.write(y, layout),
      );
    },
    backward(mean, variance, dy, dx) {
      if (useGlobalStats) layout = places.currentOf(dy, d.shape, "blocks");
      const gradient = places.read(dy, layout);
      addon.batchNormBackward(
        ...viewOf(layout),
        eps,
        useGlobalStats,
        Number.NaN,
        useGlobalStats ? gradient : input.read(),
        mean.cpu() as Float32Array,
        variance.cpu() as Float32Array,
        undefined,
        undefined,
        gradient,
        places.write(dx, layout),
        undefined,
        undefined,
      );
    },
  };
}

/** An input that backward reads, although the layer may overwrite it in place. */
export class KeptInput {
  readonly #places: Places;
  #held: Held | undefined;
  #mem: SyncedMem | undefined;
  #layout: Layout | undefined;

  constructor(places: Places) {
    this.#places = places;
  }

  /** Keeps the array's present elements; without copying, where it is not overwritten or the layout is a private one. */
  keep(mem: SyncedMem, layout: Layout, isOverwritten: boolean): void {
    this.drop();
    this.#layout = layout;
    if (isOverwritten || !layout.isPlain) this.#held = this.#places.keep(mem, layout);
    else this.#mem = mem;
  }

  /** The elements, in the layout in which they were kept. */
  read(): Buffer {
    if (this.#held) return this.#held.memory;
    return this.#places.read(this.#mem as SyncedMem, this.#layout as Layout);
  }

  /** Lets go of them. */
  drop(): void {
    if (this.#held) this.#places.pool.release(this.#held);
    this.#held = undefined;
    this.#mem = undefined;
  }
}
