import type { Blob } from "../../blob/blob.ts";
import type { ContrastiveLossOp, Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import {
  type Arity,
  arity,
  type BackwardReads,
  type Blobs,
  type One,
  type ParamField,
} from "../base/layer.ts";
import { LossLayer } from "../base/loss.ts";

/**
 * Draws similar pairs together, and drives the others apart up to a margin.
 *
 *     E = 1/(2N) · Σ s·d² + (1 − s)·max(margin − d, 0)²,  d = ‖a − b‖
 *
 * With `legacy_version` the second term is max(margin − d², 0).
 *
 * - bottom[0] a, bottom[1] b: N×C (×1×1); bottom[2] s: N, not 0 where the pair is similar; it has no gradient. top[0]: a
 *   scalar
 * - `contrastive_loss_param`: margin 1, legacy_version false
 *
 * As Caffe's, the gradient of dissimilar pairs divides by d + 10⁻⁴ rather than d.
 *
 * @see Hadsell, Chopra & LeCun, CVPR 2006; Caffe's ContrastiveLossLayer
 */
export class ContrastiveLossLayer extends LossLayer<Blobs, One> {
  static override readonly type: string = "ContrastiveLoss";
  static override readonly paramFields: readonly ParamField[] = ["contrastive_loss_param"];
  static override readonly needs: readonly Primitive[] = ["contrastiveLoss"];
  static override readonly bottoms: Arity = { min: 3, max: 3 };
  static override readonly tops = arity.one;

  #shape: Shape | undefined;
  #op!: ContrastiveLossOp;

  override reshape(bottom: Blobs, [loss]: One): void {
    const [a, b, similar] = bottom as [Blob, Blob, Blob];
    const n = a.shape[0] ?? 1;
    if (a.count() !== b.count() || b.shape[0] !== n || (a.shape[1] ?? 1) * n !== a.count()) {
      this.fail(
        `bottoms of shapes ${shapeText(a.shape)} and ${shapeText(b.shape)}. Expected equal ones, N×C or N×C×1×1.`,
      );
    }
    if (similar.count() !== n) {
      this.fail(
        `bottom 2 has shape ${shapeText(similar.shape)}. Expected ${n} values, one for each pair.`,
      );
    }
    loss.reshape([]);
    if (this.#shape && sameShape(this.#shape, a.shape)) return;
    const { margin, legacy_version } = withDefaults(
      "ContrastiveLossParameter",
      this.param.contrastive_loss_param,
    );
    this.#op = this.engine.contrastiveLoss({
      pairs: n,
      channels: a.count(1),
      margin,
      isLegacy: legacy_version,
    });
    this.#shape = a.shape;
  }

  /** Labels are read as they are by then. */
  override backwardReadsBottom(bottomIndex: number): BackwardReads {
    return bottomIndex === 2 ? "nothing" : "kept";
  }

  override forward(bottom: Blobs, [loss]: One): void {
    const [a, b, similar] = bottom as [Blob, Blob, Blob];
    this.#op.forward(
      a.dataMem,
      b.dataMem,
      similar.dataMem,
      1 / (2 * (a.shape[0] ?? 1)),
      loss.dataMem,
    );
  }

  override backward([loss]: One, propagateDown: readonly boolean[], bottom: Blobs): void {
    const [a, b, similar] = bottom as [Blob, Blob, Blob];
    const scale = loss.diffMem.cpu()[0]! / (a.shape[0] ?? 1);
    if (propagateDown[0])
      this.#op.backward(a.dataMem, b.dataMem, similar.dataMem, scale, a.diffMem);
    if (propagateDown[1])
      this.#op.backward(a.dataMem, b.dataMem, similar.dataMem, -scale, b.diffMem);
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex !== 2;
  }
}
