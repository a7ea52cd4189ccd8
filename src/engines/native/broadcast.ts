import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf } from "../../util/shape.ts";
import type { BiasOp, BroadcastDescriptor, PReLUOp, ScaleOp } from "../engine.ts";
import type { Layout, ViewArgs } from "./addon.ts";
import { type Places, viewOf } from "./places.ts";

/** How a vector lies over an array, in the layout the array lies in where that keeps the vector's axes. */
class Stretched {
  readonly #places: Places;
  readonly #d: BroadcastDescriptor;
  /** The vector covers the channels, or images and channels. */
  readonly #over: "channels" | "images and channels" | "other axes";

  constructor(places: Places, d: BroadcastDescriptor) {
    this.#places = places;
    this.#d = d;
    const [n = 1, c = 1] = d.shape;
    const isInner = d.inner === countOf(d.shape, 2) && d.shape.length > 1;
    if (isInner && d.outer === n && d.length === c) this.#over = "channels";
    else if (isInner && d.outer === 1 && d.length === n * c) this.#over = "images and channels";
    else this.#over = "other axes";
  }

  layoutOf(mem: SyncedMem): Layout {
    const { shape } = this.#d;
    if (this.#over === "other axes") return this.#places.plain(shape);
    const wants = this.#over === "channels" ? "blocks" : "no padding";
    const layout = this.#places.currentOf(mem, shape, wants);
    return layout.block > 0 ? layout : this.#places.plain(shape);
  }

  view(layout: Layout): ViewArgs {
    const { outer, length, inner } = this.#d;
    if (this.#over === "channels") return viewOf(layout);
    if (this.#over === "images and channels") return [1, length, inner, layout.block];
    return [outer, length, inner, inner === 1 ? Math.max(length, 1) : 1];
  }
}

const vector = (mem: SyncedMem): Float32Array => mem.cpu() as Float32Array;
const sum = (mem: SyncedMem | undefined): Float32Array | undefined =>
  mem?.mutableCpu() as Float32Array | undefined;

/** y = x · scale (+ bias). */
export function nativeScale(places: Places, d: BroadcastDescriptor): ScaleOp {
  const { addon } = places;
  const stretched = new Stretched(places, d);
  const apply = (
    x: SyncedMem,
    scale: SyncedMem | undefined,
    bias: SyncedMem | undefined,
    y: SyncedMem,
  ): void => {
    const layout = stretched.layoutOf(x);
    addon.scaleForward(
      ...stretched.view(layout),
      Number.NaN,
      places.read(x, layout),
      scale && vector(scale),
      bias && vector(bias),
      places.write(y, layout),
    );
  };
  return {
    forward: apply,
    backwardData: (dy, scale, dx) => apply(dy, scale, undefined, dx),
    backwardParams(x, dy, dScale, dBias) {
      const layout = stretched.layoutOf(dy);
      addon.scaleSums(
        ...stretched.view(layout),
        dScale && places.read(x, layout),
        places.read(dy, layout),
        sum(dScale),
        sum(dBias),
      );
    },
  };
}

/** y = x + bias. */
export function nativeBias(places: Places, d: BroadcastDescriptor): BiasOp {
  const { addon } = places;
  const stretched = new Stretched(places, d);
  return {
    forward(x, bias, y) {
      const layout = stretched.layoutOf(x);
      addon.scaleForward(
        ...stretched.view(layout),
        Number.NaN,
        places.read(x, layout),
        undefined,
        vector(bias),
        places.write(y, layout),
      );
    },
    backwardBias(dy, dBias) {
      const layout = stretched.layoutOf(dy);
      const view = stretched.view(layout);
      addon.scaleSums(...view, undefined, places.read(dy, layout), undefined, sum(dBias));
    },
  };
}

/** y = x > 0 ? x : slope · x. */
export function nativePReLU(places: Places, d: BroadcastDescriptor): PReLUOp {
  const { addon } = places;
  const stretched = new Stretched(places, d);
  return {
    forward(x, slope, y) {
      const layout = stretched.layoutOf(x);
      const source = places.read(x, layout);
      const view = stretched.view(layout);
      addon.preluForward(...view, source, vector(slope), places.write(y, layout));
    },
    backwardData(x, slope, dy, dx) {
      const layout = stretched.layoutOf(x);
      const [source, gradient] = [places.read(x, layout), places.read(dy, layout)];
      const view = stretched.view(layout);
      addon.preluBackward(...view, source, vector(slope), gradient, places.write(dx, layout));
    },
    backwardSlope(x, dy, dSlope) {
      const layout = stretched.layoutOf(x);
      const [source, gradient] = [places.read(x, layout), places.read(dy, layout)];
      addon.preluSums(
        ...stretched.view(layout),
        source,
        gradient,
        dSlope.mutableCpu() as Float32Array,
      );
    },
  };
}
