import type { Blob } from "../../blob/blob.ts";
import type { Engine, ReductionOp, UnaryKernel } from "../../engines/engine.ts";
import type { SolverParameter } from "../../io/proto/caffe.ts";
import { SyncedMem } from "../../syncedmem/synced-mem.ts";

/** How a parameter's rate follows from its norms: `localNumbers` has the formula. */
interface Adaptation {
  readonly trust: number;
  readonly decay: number;
  /** The rate is min(η, local) rather than η · local. */
  readonly isClipped: boolean;
}

/** The numbers of `localFactor`. */
interface LocalNumbers extends Readonly<Record<string, number>> {
  readonly trust: number;
  readonly decay: number;
  readonly most: number;
  /** The factor where there is no ratio of norms. */
  readonly alone: number;
}

/**
 * How rates are adapted to parameters; undefined where they are not.
 *
 * - `larc` (NVIDIA's): trust = (1 − momentum) · larc_eta (default 0.001), decay = 0; larc_policy "scale" (default) or "clip"
 * - `local_lr_auto` (Intel's): trust = local_gw_ratio (default 0.001), decay = weight_decay; the rate is scaled
 *
 * @param param with the momentum and the decay of the iteration
 * @see You, Gitman & Ginsburg, Large Batch Training of Convolutional Networks, 2017; NVIDIA/caffe and intel/caffe,
 *   SGDSolver::GetLocalRate
 */
export function adaptationOf(param: SolverParameter): Adaptation | undefined {
  const { momentum = 0, weight_decay = 0 } = param;
  if (param.larc) {
    const { larc_eta = Math.fround(0.001), larc_policy = "scale" } = param;
    const trust = (1 - momentum) * larc_eta;
    return { trust, decay: 0, isClipped: larc_policy === "clip" };
  }
  if (!param.local_lr_auto) return undefined;
  const { local_gw_ratio = Math.fround(0.001) } = param;
  return { trust: local_gw_ratio, decay: weight_decay, isClipped: false };
}

/**
 * By what the learning rate η is multiplied for a parameter: local, or min(η, local) / η.
 *
 *     local = trust · ‖w‖ / (‖g‖ + decay · ‖w‖)         1 where ‖w‖ or ‖g‖ is 0
 *
 * @param gradientScale the factor on the gradient that is not in it yet: g has been clipped, divided by iter_size, and has
 *   no decay
 */
export function localNumbers(
  { trust, decay, isClipped }: Adaptation,
  rate: number,
  gradientScale: number,
): LocalNumbers {
  const unit = isClipped ? 1 / rate : 1;
  const most = isClipped ? 1 : 2 ** 127;
  return {
    trust: (unit * trust) / gradientScale,
    decay: decay / gradientScale,
    most,
    alone: Math.min(most, unit),
  };
}

/** @param ratio (‖g‖ / ‖w‖)², 0 where one of them is 0 */
export function localFactor(ratio: number, { trust, decay, most, alone }: LocalNumbers): number {
  return ratio > 0 ? Math.min(most, trust / (Math.sqrt(ratio) + decay)) : alone;
}

/** The same factors where parameters and gradients lie on a device: none of them is waited for. */
export class DeviceLocalRates {
  readonly #engine: Engine;
  readonly #weights: SyncedMem = new SyncedMem(1);
  readonly #gradient: SyncedMem = new SyncedMem(1);
  readonly #inverse: SyncedMem = new SyncedMem(1);
  readonly #ratio: SyncedMem = new SyncedMem(1);
  readonly #factor: SyncedMem = new SyncedMem(1);
  readonly #sums: Map<Blob, ReductionOp> = new Map();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * One element, which the next call overwrites.
   * @param clipping a factor on the gradient that is found on the device
   */
  factor(blob: Blob, numbers: LocalNumbers, clipping: SyncedMem | undefined): SyncedMem {
    const sum = this.#sumOf(blob);
    sum.forward(blob.dataMem, this.#weights);
    if (blob.diffMem.isZero) this.#gradient.zero();
    else sum.forward(blob.diffMem, this.#gradient);
    this.#engine.unary(inverse, {}, [1]).forward(this.#weights, this.#inverse);
    const factors = clipping ? [clipping, clipping] : [];
    const product = this.#engine.eltwise({
      shape: [1],
      operation: "PROD",
      coeffs: [],
      stableProdGrad: false,
    });
    product.forward([this.#gradient, this.#inverse, ...factors], this.#ratio);
    this.#engine.unary(ratioToFactor, numbers, [1]).forward(this.#ratio, this.#factor);
    return this.#factor;
  }

  #sumOf(blob: Blob): ReductionOp {
    const known = this.#sums.get(blob);
    if (known) return known;
    const inner = blob.count();
    const sum = this.#engine.reduction({ operation: "SUMSQ", outer: 1, inner, coeff: 1 });
    this.#sums.set(blob, sum);
    return sum;
  }
}

const inverse: UnaryKernel<Record<string, never>> = {
  name: "inverse",
  reference: {
    forward(n, x, y) {
      for (let i = 0; i < n; i++) y[i] = x[i] ? 1 / (x[i] ?? 0) : 0;
    },
    backward(n, _x, _y, _dy, dx) {
      dx.fill(0, 0, n);
    },
  },
  wgsl: { forward: "select(0.0, 1.0 / x, x > 0.0)", backward: "0.0" },
};

const ratioToFactor: UnaryKernel<LocalNumbers> = {
  name: "factor of a local rate",
  reference: {
    forward(n, x, y, numbers) {
      for (let i = 0; i < n; i++) y[i] = localFactor(x[i] ?? 0, numbers);
    },
    backward(n, _x, _y, _dy, dx) {
      dx.fill(0, 0, n);
    },
  },
  wgsl: {
    forward: "select(p.alone, min(p.most, p.trust / (sqrt(x) + p.decay)), x > 0.0)",
    backward: "0.0",
  },
};
