import type { Blob } from "../../blob/blob.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { shapeText } from "../../util/shape.ts";
import type { Arity, BackwardReads, LayerRole, One, ParamField } from "../base/layer.ts";
import { LearnedLayer } from "../base/learned.ts";

type Bottoms = readonly [Blob, ...Blob[]];

/**
 * How far each sample is from each of a set of centres.
 *
 *     y(m, n) = Σ (x(m) − w(n))²  with distance_type "L2",  Σ |x(m) − w(n)|  with "L1"
 *
 * - bottom[0] x: M×…, features from `axis` on; bottom[1], optional: the centres w, N×features, which get gradients
 * - with `update_center_only` the last bottom is M labels: of the centres only that of a sample's class is moved by it
 * - top[0]: the bottom's axes before `axis`, then N
 * - blobs, where no bottom has the centres: w num_output × features; where `bias_filler` or a second `param` is written, a bias b(n) that is added, as the layer's first
 *   version has it
 * - `inner_distance_param`: num_output (required for learned centres), weight_filler, axis 1, distance_type "L2", normalize false (each forward
 *   gives learned centres the length 1), update_center_only false
 *
 * `bias_term: true` alone makes no bias. `transpose: true` is refused.
 *
 * @see Wang et al., NormFace, ACM MM 2017; caffe-windows' InnerDistanceLayer
 */
export class InnerDistanceLayer extends LearnedLayer<Bottoms, One> {
  static override readonly type: string = "InnerDistance";
  static override readonly paramFields: readonly ParamField[] = ["inner_distance_param"];
  static override readonly role: LayerRole = "learned";
  static override readonly bottoms: Arity = { min: 1, max: 3 };

  #axis = 1;
  #features = 0;
  #centres = 0;
  #isL1 = false;
  #normalizes = false;
  #movesOwn = false;

  /** Whether a bottom has the centres. */
  get #isGiven(): boolean {
    return (this.param.bottom?.length ?? 1) > (this.#movesOwn ? 2 : 1);
  }

  override setUp(bottom: Bottoms): void {
    const param = withDefaults("InnerDistanceParameter", this.param.inner_distance_param);
    const [x] = bottom;
    this.#isL1 = param.distance_type === "L1";
    this.#normalizes = param.normalize;
    this.#movesOwn = param.update_center_only;
    if (param.transpose) this.fail("inner_distance_param.transpose is true. Expected false.");
    if (!this.#isL1 && param.distance_type !== "L2") {
      this.fail(
        `inner_distance_param.distance_type is ${param.distance_type}. Expected "L1" or "L2".`,
      );
    }
    if (bottom.length === (this.#movesOwn ? 1 : 3)) {
      this.fail(
        `${bottom.length} bottoms, update_center_only ${this.#movesOwn}. Expected ${this.#movesOwn ? "labels as the last one" : "1 or 2"}.`,
      );
    }
    this.#axis = this.named(() => x.axis(param.axis));
    this.#features = x.count(this.#axis);
    if (this.#isGiven) {
      if (this.#normalizes) {
        this.context.warn(
          "inner_distance_param.normalize has no effect on centres that a bottom has.",
        );
      }
      return;
    }
    const outputs = param.num_output ?? 0;
    if (outputs < 1)
      this.fail(`inner_distance_param.num_output is ${outputs}. Expected 1 or more.`);
    const tellsBias = param.bias_filler !== undefined || (this.param.param?.length ?? 0) > 1;
    const hasBias = param.bias_term && (tellsBias || this.blobs.length === 2);
    this.makeBlobs([
      { shape: [outputs, this.#features], filler: param.weight_filler },
      ...(hasBias ? [{ shape: [outputs], filler: param.bias_filler }] : []),
    ]);
  }

  override reshape(bottom: Bottoms, [y]: One): void {
    const [x] = bottom;
    const w = this.#centresOf(bottom);
    const features = x.count(this.#axis);
    if (features !== this.#features || w.count(Math.min(1, w.shape.length)) !== features) {
      this.fail(
        `bottom has ${features} features, shape ${shapeText(x.shape)}, and centres have shape ${shapeText(w.shape)}. Expected ${this.#features} features of both, as when the layer was set up.`,
      );
    }
    const samples = x.count(0, this.#axis);
    const label = this.#movesOwn ? bottom.at(-1) : undefined;
    if (label && label.count() !== samples) {
      this.fail(
        `${label.count()} labels, shape ${shapeText(label.shape)}, for ${samples} samples. Expected one for each.`,
      );
    }
    this.#centres = w.shape[0] ?? 1;
    y.reshape([...x.shape.slice(0, this.#axis), this.#centres]);
  }

  #centresOf(bottom: Bottoms): Blob {
    return this.#isGiven ? bottom[1]! : this.blobs[0]!;
  }

  /** Every centre for every sample. */
  override macs(bottom: Bottoms): number {
    return bottom[0].count(0, this.#axis) * this.#centresOf(bottom).count();
  }

  override forward(bottom: Bottoms, [y]: One): void {
    if (this.#normalizes && !this.#isGiven) this.#normalize();
    const [x, w] = [bottom[0].dataMem.cpu(), this.#centresOf(bottom).dataMem.cpu()];
    const b = this.blobs[1]?.dataMem.cpu();
    const out = y.dataMem.overwriteCpu();
    const features = this.#features;
    for (let at = 0; at < out.length; at++) {
      const from = Math.floor(at / this.#centres) * features;
      const centre = (at % this.#centres) * features;
      let sum = b?.[at % this.#centres] ?? 0;
      for (let k = 0; k < features; k++) {
        const gap = x[from + k]! - w[centre + k]!;
        sum += this.#isL1 ? Math.abs(gap) : gap * gap;
      }
      out[at] = sum;
    }
  }

  #normalize(): void {
    const weights = this.blobs[0]!.dataMem.mutableCpu();
    const features = this.#features;
    for (let start = 0; start < weights.length; start += features) {
      let sum = LEAST;
      for (let i = start; i < start + features; i++) sum += weights[i]! * weights[i]!;
      const inverse = 1 / Math.sqrt(sum);
      for (let i = start; i < start + features; i++) weights[i]! *= inverse;
    }
  }

  override backwardReadsBottom(): BackwardReads {
    return "present";
  }

  override backward([y]: One, propagateDown: readonly boolean[], bottom: Bottoms): void {
    const centres = this.#centresOf(bottom);
    const label = this.#movesOwn ? bottom.at(-1) : undefined;
    if (label && propagateDown[bottom.length - 1]) {
      this.fail("Layer cannot backpropagate to label inputs.");
    }
    const movesCentres = this.#isGiven ? propagateDown[1] : this.paramPropagateDown[0];
    if (this.#isGiven && movesCentres) centres.diffMem.zero();
    const [x, w, dy] = [bottom[0].dataMem.cpu(), centres.dataMem.cpu(), y.diffMem.cpu()];
    const dw = movesCentres ? centres.diffMem.mutableCpu() : undefined;
    const dx = propagateDown[0] ? bottom[0].diffMem.overwriteCpu().fill(0) : undefined;
    const labels = label?.dataMem.cpu();
    const db = this.paramPropagateDown[1] ? this.blobs[1]?.diffMem.mutableCpu() : undefined;
    const features = this.#features;
    for (let at = 0; at < dy.length; at++) {
      const m = Math.floor(at / this.#centres);
      const n = at % this.#centres;
      if (db) db[n]! += dy[at]!;
      const isMoved = labels === undefined || Math.trunc(labels[m]!) === n;
      for (let k = 0; k < features; k++) {
        const gap = x[m * features + k]! - w[n * features + k]!;
        const slope = dy[at]! * (this.#isL1 ? Math.sign(gap) : 2 * gap);
        if (dx) dx[m * features + k]! += slope;
        if (dw && isMoved) dw[n * features + k]! -= slope;
      }
    }
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return !this.#movesOwn || bottomIndex !== (this.param.bottom?.length ?? 1) - 1;
  }
}

/** Added to a centre's sum of squares, that none is divided by 0. */
const LEAST = 1e-6;
