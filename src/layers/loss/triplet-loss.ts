import type { Blob } from "../../blob/blob.ts";
import type { FloatArray } from "../../util/arrays.ts";
import { sameShape, shapeText } from "../../util/shape.ts";
import type { Arity, BackwardReads, One, ParamField } from "../base/layer.ts";
import { LossLayer } from "../base/loss.ts";

type Three = readonly [Blob, Blob, Blob];

/**
 * Draws each anchor to its positive, and drives it from its negative until that is farther away by a margin.
 *
 *     E     = 1/(2N) · Σ max(0, margin + |a − p|² − |a − n|²)
 *     ∂E/∂a = (n − p)/N        ∂E/∂p = (p − a)/N        ∂E/∂n = (a − n)/N, where a sample's part of E is above 10⁻⁹, else 0
 *
 * - bottom[0] a, bottom[1] p, bottom[2] n: N×C or N×C×1×1, of one shape; all get gradients. top[0]: a scalar
 * - `triplet_loss_param`: margin 1
 *
 * @see Schroff, Kalenichenko & Philbin, FaceNet, CVPR 2015; caffe-windows' TripletLossLayer
 */
export class TripletLossLayer extends LossLayer<Three, One> {
  static override readonly type: string = "TripletLoss";
  static override readonly paramFields: readonly ParamField[] = ["triplet_loss_param"];
  static override readonly bottoms: Arity = { min: 3, max: 3 };

  /** Each sample's part of the loss, times 2N. */
  #parts: Float64Array = new Float64Array(0);

  override reshape([a, p, n]: Three, [loss]: One): void {
    if (!sameShape(a.shape, p.shape) || !sameShape(a.shape, n.shape) || a.shape.length === 0) {
      this.fail(
        `bottoms of shapes ${[a, p, n].map(({ shape }) => shapeText(shape)).join(", ")}. Expected one shape, N×C.`,
      );
    }
    loss.reshape([]);
    if (this.#parts.length !== a.shape[0]) this.#parts = new Float64Array(a.shape[0] ?? 0);
  }

  override forward(bottom: Three, [loss]: One): void {
    const margin = this.param.triplet_loss_param?.margin ?? 1;
    const [a, p, n] = valuesOf(bottom);
    const size = bottom[0].count(1);
    const parts = this.#parts;
    let sum = 0;
    for (let i = 0, at = 0; i < parts.length; i++) {
      let gap = margin;
      for (const end = at + size; at < end; at++) {
        gap += (a[at]! - p[at]!) ** 2 - (a[at]! - n[at]!) ** 2;
      }
      parts[i] = Math.max(gap, 0);
      sum += parts[i]!;
    }
    loss.dataMem.overwriteCpu()[0] = sum / (2 * Math.max(1, parts.length));
  }

  override backwardReadsBottom(): BackwardReads {
    return "kept";
  }

  override backward([loss]: One, propagateDown: readonly boolean[], bottom: Three): void {
    const [a, p, n] = valuesOf(bottom);
    const scale = loss.diffMem.cpu()[0]! / Math.max(1, this.#parts.length);
    const size = bottom[0].count(1);
    const pairs = [
      [n, p],
      [p, a],
      [a, n],
    ] as const;
    pairs.forEach(([to, from], b) => {
      if (!propagateDown[b]) return;
      const dx = bottom[b]!.diffMem.overwriteCpu();
      for (let i = 0, at = 0; i < this.#parts.length; i++) {
        const share = this.#parts[i]! <= LEAST ? 0 : scale;
        for (const end = at + size; at < end; at++) {
          dx[at] = share === 0 ? 0 : share * (to[at]! - from[at]!);
        }
      }
    });
  }

  override allowForceBackward(): boolean {
    return true;
  }
}

function valuesOf([a, p, n]: Three): readonly [FloatArray, FloatArray, FloatArray] {
  return [a.dataMem.cpu(), p.dataMem.cpu(), n.dataMem.cpu()];
}

/** A sample whose part of the loss is not above it has no gradient. */
const LEAST = 1e-9;
