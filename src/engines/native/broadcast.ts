import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf } from "../../util/shape.ts";
import type { BiasOp, BroadcastDescriptor, PReLUOp, ScaleOp } from "../engine.ts";
import type { Layout, ViewArgs } from "./addon.ts";
import { type Layouts, viewOf } from "./layouts.ts";

/** How a vector lies over an array, in the layout the array lies in where that keeps the vector's axes. */
class Stretched {
  readonly #layouts: Layouts;
  readonly #d: BroadcastDescriptor;
  /** The vector covers the channels, or images and channels. */
  readonly #over: "channels" | "images and channels" | "other axes";

  constructor(layouts: Layouts, d: BroadcastDescriptor) {
    this.#layouts = layouts;
    this.#d = d;
    const [n = 1, c = 1] = d.shape;
    const isInner = d.inner === countOf(d.shape, 2) && d.shape.length > 1;
    if (isInner && d.outer === n && d.length === c) this.#over = "channels";
    else if (isInner && d.outer === 1 && d.length === n * c) this.#over = "images and channels";
    else this.#over = "other axes";
  }

  layoutOf(mem: SyncedMem): Layout {
    const { shape } = this.#d;
    if (this.#over === "other axes") return this.#layouts.plain(shape);
    const wants = this.#over === "channels" ? "blocks" : "no padding";
    const layout = this.#layouts.currentOf(mem, shape, wants);
    return layout.block > 0 ? layout : this.#layouts.plain(shape);
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

/** Lines y = x · scale + bias, either of which may be missing, and the sums that are their gradients. */
function lineOps(
  layouts: Layouts,
  d: BroadcastDescriptor,
): { forward: LineForward; sums: ScaleOp["backwardParams"] } {
  const { addon } = layouts;
  const stretched = new Stretched(layouts, d);
  return {
    forward(x, scale, bias, y) {
      const layout = stretched.layoutOf(x);
      addon.scaleForward(
        ...stretched.view(layout),
        Number.NaN,
        layouts.read(x, layout),
        scale && vector(scale),
        bias && vector(bias),
        layouts.write(y, layout),
      );
    },
    sums(x, dy, dScale, dBias) {
      const layout = stretched.layoutOf(dy);
      addon.scaleSums(
        ...stretched.view(layout),
        dScale && layouts.read(x, layout),
        layouts.read(dy, layout),
        sum(dScale),
        sum(dBias),
      );
    },
  };
}

type LineForward = (
  x: SyncedMem,
  scale: SyncedMem | undefined,
  bias: SyncedMem | undefined,
  y: SyncedMem,
) => void;

/** y = x · scale (+ bias). */
export function nativeScale(layouts: Layouts, d: BroadcastDescriptor): ScaleOp {
  const { forward, sums } = lineOps(layouts, d);
  return {
    forward,
    backwardData: (dy, scale, dx) => forward(dy, scale, undefined, dx),
    backwardParams: sums,
  };
}

/** y = x + bias. */
export function nativeBias(layouts: Layouts, d: BroadcastDescriptor): BiasOp {
  const { forward, sums } = lineOps(layouts, d);
  return {
    forward: (x, bias, y) => forward(x, undefined, bias, y),
    // x does not count where there is no scale.
    backwardBias: (dy, dBias) => sums(dy, dy, undefined, dBias),
  };
}

/** y = x > 0 ? x : slope · x. */
export function nativePReLU(layouts: Layouts, d: BroadcastDescriptor): PReLUOp {
  const { addon } = layouts;
  const stretched = new Stretched(layouts, d);
  return {
    forward(x, slope, y) {
      const layout = stretched.layoutOf(x);
      const source = layouts.read(x, layout);
      const view = stretched.view(layout);
      addon.preluForward(...view, source, vector(slope), layouts.write(y, layout));
    },
    backwardData(x, slope, dy, dx) {
      const layout = stretched.layoutOf(x);
      const [source, gradient] = [layouts.read(x, layout), layouts.read(dy, layout)];
      const view = stretched.view(layout);
      addon.preluBackward(...view, source, vector(slope), gradient, layouts.write(dx, layout));
    },
    backwardSlope(x, dy, dSlope) {
      const layout = stretched.layoutOf(x);
      const [source, gradient] = [layouts.read(x, layout), layouts.read(dy, layout)];
      addon.preluSums(
        ...stretched.view(layout),
        source,
        gradient,
        dSlope.mutableCpu() as Float32Array,
      );
    },
  };
}
