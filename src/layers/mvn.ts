import { Blob } from "../blob/blob.ts";
import type { Primitive } from "../engines/engine.ts";
import { withDefaults } from "../io/proto/messages.ts";
import { Layer, type One } from "./base/layer.ts";

/**
 * Mean and variance normalisation of each sample by itself.
 *
 *     y     = (x − mean) / (σ + ε)
 *     ∂E/∂x = (d − mean(d) − y · mean(d · y)) / (σ + ε),  d = ∂E/∂y
 *
 * Over each channel of each sample, or over all of its channels. Without `normalize_variance` nothing is divided.
 *
 * As Caffe's, the gradient is that of an ε which is small beside σ.
 *
 * - bottom[0]: N×C×H×W (or fewer axes); top[0]: N×C×H×W
 * - `mvn_param`: normalize_variance true, across_channels false, eps ε 1e-9 (added to σ, not to σ²)
 *
 * @see Caffe's MVNLayer
 */
export class MVNLayer extends Layer<One, One> {
  static override readonly type: string = "MVN";
  static override readonly needs: readonly Primitive[] = ["host"];
  static override readonly allowsInPlace: boolean = true;

  #rows = 0;
  #size = 0;
  #scales!: Blob;

  override setUp(): void {
    this.#scales = new Blob([0], this.context.dtype);
  }

  override reshape([x]: One, [y]: One): void {
    const { across_channels } = withDefaults("MVNParameter", this.param.mvn_param);
    const [n, c, h, w] = this.named(() => [
      x.legacyAxis(0),
      x.legacyAxis(1),
      x.legacyAxis(2),
      x.legacyAxis(3),
    ]);
    y.reshape(x === y ? x.shape : [n ?? 1, c ?? 1, h ?? 1, w ?? 1]);
    this.#rows = across_channels ? (n ?? 1) : (n ?? 1) * (c ?? 1);
    this.#size = this.#rows === 0 ? 0 : x.count() / this.#rows;
    this.#scales.reshape([this.#rows]);
  }

  override forward([x]: One, [y]: One): void {
    const { normalize_variance, eps } = withDefaults("MVNParameter", this.param.mvn_param);
    const [from, to, scales] = [
      x.data.cpu(),
      y.data.overwriteCpu(),
      this.#scales.data.overwriteCpu(),
    ];
    for (let r = 0; r < this.#rows; r++) {
      const [begin, end] = [r * this.#size, (r + 1) * this.#size];
      let sum = 0;
      for (let i = begin; i < end; i++) sum += from[i]!;
      const mean = sum / this.#size;
      let squares = 0;
      for (let i = begin; i < end; i++) squares += (from[i]! - mean) ** 2;
      const scale = normalize_variance ? 1 / (Math.sqrt(squares / this.#size) + eps) : 1;
      scales[r] = scale;
      for (let i = begin; i < end; i++) to[i] = (from[i]! - mean) * scale;
    }
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (!propagate) return;
    const { normalize_variance } = withDefaults("MVNParameter", this.param.mvn_param);
    const [ys, dy, dx, scales] = [
      y.data.cpu(),
      y.diff.cpu(),
      x.diff.overwriteCpu(),
      this.#scales.data.cpu(),
    ];
    for (let r = 0; r < this.#rows; r++) {
      const [begin, end] = [r * this.#size, (r + 1) * this.#size];
      let [sum, dot] = [0, 0];
      for (let i = begin; i < end; i++) {
        sum += dy[i]!;
        dot += dy[i]! * ys[i]!;
      }
      const mean = sum / this.#size;
      const along = normalize_variance ? dot / this.#size : 0;
      for (let i = begin; i < end; i++) dx[i] = (dy[i]! - mean - ys[i]! * along) * scales[r]!;
    }
  }
}
