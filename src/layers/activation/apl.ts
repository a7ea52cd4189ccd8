import type { Primitive } from "../../engines/engine.ts";
import { shapeText } from "../../util/shape.ts";
import { InPlaceInput } from "../base/in-place-input.ts";
import type { BackwardReads, LayerRole, One, ParamField } from "../base/layer.ts";
import { LearnedLayer } from "../base/learned.ts";

/**
 * Adaptive piecewise linear unit: every neuron learns how it bends.
 *
 *     y(n, k) = max(x, 0) + Σ slope(k, s) · max(offset(k, s) − x, 0),  s = 1 … sums
 *     ∂E/∂slope = Σ ∂E/∂y · max(offset − x, 0)        ∂E/∂offset = Σ ∂E/∂y · slope where offset > x
 *     ∂E/∂x = ∂E/∂y · (x > 0) − Σ ∂E/∂y · slope where offset > x
 *
 * - bottom[0] x: N×…, K values in each sample; top[0]: shape of x, in place allowed
 * - blobs: slope and offset, each 1×1×sums×K in shape; that of neuron k lies at k·sums + s, as in theirs on a CPU
 * - `apl_param`: sums 1, slope_filler (uniform within ±0.5/sums), offset_filler (gaussian, std 0.5); save_mem has no effect
 *
 * @see Agostinelli et al., ICLR 2015; its APLLayer
 */
export class APLLayer extends LearnedLayer<One, One> {
  static override readonly type: string = "APL";
  static override readonly paramFields: readonly ParamField[] = ["apl_param"];
  static override readonly needs: readonly Primitive[] = ["host", "copy"];
  static override readonly allowsInPlace: boolean = true;
  static override readonly hostTopDiffs: readonly number[] = [0];
  static override readonly role: LayerRole = "activation";

  #sums = 1;
  #neurons = 0;
  readonly #input: InPlaceInput = new InPlaceInput();

  override setUp([x]: One): void {
    const { sums = 1, slope_filler, offset_filler } = this.param.apl_param ?? {};
    if (sums < 1 || x.shape.length === 0) {
      this.fail(
        `apl_param.sums is ${sums}, bottom shape ${shapeText(x.shape)}. Expected 1 or more, and an axis of samples.`,
      );
    }
    this.#sums = sums;
    this.#neurons = x.count(1);
    const shape = [1, 1, sums, this.#neurons];
    const most = 0.5 / sums;
    this.makeBlobs([
      { shape, filler: slope_filler ?? { type: "uniform", min: -most, max: most } },
      { shape, filler: offset_filler ?? { type: "gaussian", std: 0.5 } },
    ]);
  }

  override reshape([x]: One, [y]: One): void {
    if (x.count(1) !== this.#neurons) {
      this.fail(
        `bottom has ${x.count(1)} values in a sample, shape ${shapeText(x.shape)}. Expected ${this.#neurons}, as when the slopes were set up.`,
      );
    }
    if (x === y) this.#input.reshapeLike(x, this.context);
    else y.reshapeLike(x);
  }

  override forward([x]: One, [y]: One): void {
    this.#input.keep(x, this.engine);
    const [slope, offset] = this.blobs.map(({ dataMem }) => dataMem.cpu());
    const from = x.dataMem.cpu();
    const to = x === y ? x.dataMem.mutableCpu() : y.dataMem.overwriteCpu();
    const [count, sums] = [x.count(), this.#sums];
    for (let i = 0; i < count; i++) {
      const value = from[i]!;
      let sum = Math.max(value, 0);
      const first = (i % this.#neurons) * sums;
      for (let s = first; s < first + sums; s++) {
        sum += slope![s]! * Math.max(offset![s]! - value, 0);
      }
      to[i] = sum;
    }
  }

  override backwardReadsBottom(): BackwardReads {
    return this.#input.isKept ? "nothing" : "present";
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    const [slope, offset] = this.blobs.map(({ dataMem }) => dataMem.cpu());
    const [dSlope, dOffset] = this.blobs.map(({ diffMem }, i) =>
      this.paramPropagateDown[i] ? diffMem.mutableCpu() : undefined,
    );
    const [values, dy] = [this.#input.of(x).dataMem.cpu(), y.diffMem.cpu()];
    const isInPlace = x === y;
    const own = propagate ? x.diffMem : undefined;
    const dx = isInPlace ? own?.mutableCpu() : own?.overwriteCpu();
    const [count, sums] = [x.count(), this.#sums];
    for (let i = 0; i < count; i++) {
      const [value, d] = [values[i]!, dy[i]!];
      let sum = value > 0 ? d : 0;
      const first = (i % this.#neurons) * sums;
      for (let s = first; s < first + sums; s++) {
        const above = offset![s]! - value;
        if (!(above > 0)) continue;
        if (dSlope) dSlope[s]! += d * above;
        if (dOffset) dOffset[s]! += d * slope![s]!;
        sum -= d * slope![s]!;
      }
      if (dx) dx[i] = sum;
    }
  }
}
