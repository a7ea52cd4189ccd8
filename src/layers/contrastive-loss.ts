import { Blob } from "../blob/blob.ts";
import type { Primitive } from "../engines/engine.ts";
import { withDefaults } from "../io/proto/messages.ts";
import { shapeText } from "../util/shape.ts";
import { type Arity, arity, type Blobs, type One } from "./base/layer.ts";
import { LossLayer } from "./base/loss.ts";

/** Keeps the gradient finite where both of a pair are the same. */
const NEAR_ZERO = 1e-4;

/**
 * Draws similar pairs together, and drives the others apart up to a margin.
 *
 *     E = 1/(2N) · Σ s·d² + (1 − s)·max(margin − d, 0)²,  d = ‖a − b‖
 *
 * With `legacy_version` the second term is max(margin − d², 0).
 *
 * - bottom[0] a, bottom[1] b: N×C (×1×1); bottom[2] s: N, not 0 where the pair is similar. top[0]: a scalar
 * - `contrastive_loss_param`: margin 1, legacy_version false
 *
 * As Caffe's, the gradient of dissimilar pairs divides by d + 10⁻⁴ rather than d.
 *
 * @see Hadsell, Chopra & LeCun, CVPR 2006; Caffe's ContrastiveLossLayer
 */
export class ContrastiveLossLayer extends LossLayer<Blobs, One> {
  static override readonly type: string = "ContrastiveLoss";
  static override readonly needs: readonly Primitive[] = ["host"];
  static override readonly bottoms: Arity = { min: 3, max: 3 };
  static override readonly tops = arity.one;

  #difference!: Blob;
  #squares!: Blob;

  override setUp(): void {
    this.#difference = new Blob([0], this.context.dtype);
    this.#squares = new Blob([0], this.context.dtype);
  }

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
    this.#difference.reshapeLike(a);
    this.#squares.reshape([n]);
  }

  override forward(bottom: Blobs, [loss]: One): void {
    const { margin, legacy_version } = withDefaults(
      "ContrastiveLossParameter",
      this.param.contrastive_loss_param,
    );
    const [a, b, similar] = bottom.map((blob) => blob.data.cpu());
    const [difference, squares] = [
      this.#difference.data.overwriteCpu(),
      this.#squares.data.overwriteCpu(),
    ];
    const [n, c] = [this.#squares.count(), this.#difference.count(1)];
    let sum = 0;
    for (let i = 0; i < n; i++) {
      let square = 0;
      for (let k = i * c; k < (i + 1) * c; k++) {
        const d = a![k]! - b![k]!;
        difference[k] = d;
        square += d * d;
      }
      squares[i] = square;
      if (Math.trunc(similar![i]!) !== 0) sum += square;
      else if (legacy_version) sum += Math.max(margin - square, 0);
      else sum += Math.max(margin - Math.sqrt(square), 0) ** 2;
    }
    loss.data.overwriteCpu()[0] = sum / n / 2;
  }

  override backward([loss]: One, propagateDown: readonly boolean[], bottom: Blobs): void {
    const { margin, legacy_version } = withDefaults(
      "ContrastiveLossParameter",
      this.param.contrastive_loss_param,
    );
    if (propagateDown[2]) this.fail("Layer cannot backpropagate to label inputs.");
    const [difference, squares] = [this.#difference.data.cpu(), this.#squares.data.cpu()];
    const similar = bottom[2]!.data.cpu();
    const [n, c] = [this.#squares.count(), this.#difference.count(1)];
    for (const which of [0, 1]) {
      if (!propagateDown[which]) continue;
      const dx = bottom[which]!.diff.overwriteCpu();
      const scale = ((which === 0 ? 1 : -1) * loss.diff.cpu()[0]!) / n;
      for (let i = 0; i < n; i++) {
        let slope = scale;
        if (Math.trunc(similar[i]!) === 0) {
          const distance = Math.sqrt(squares[i]!);
          const gap = margin - (legacy_version ? squares[i]! : distance);
          const steep = legacy_version ? 1 : gap / (distance + NEAR_ZERO);
          slope = gap > 0 ? -scale * steep : 0;
        }
        for (let k = i * c; k < (i + 1) * c; k++) dx[k] = slope * difference[k]!;
      }
    }
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex !== 2;
  }
}
