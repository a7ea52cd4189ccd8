import type { LinearOp, Primitive } from "../../engines/engine.ts";
import type { MarginInnerProductParameter } from "../../io/proto/caffe.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import {
  type Arity,
  arity,
  type BackwardReads,
  type LayerRole,
  type LayerState,
  type OneOrMore,
  type ParamField,
  type Two,
} from "../base/layer.ts";
import { refusesOtherForms } from "../base/layer-state.ts";
import { LearnedLayer } from "../base/learned.ts";

/**
 * Products with weights of length 1, in which a sample's own class has to win by an angular margin (A-Softmax).
 *
 *     y(j) = x · w(j),  |w(j)| = 1
 *     y(k) = (λ·x · w(k) + |x|·ψ(cos θ)) / (1 + λ) for the label k,  cos θ = x · w(k) / |x|
 *     ψ = cos mθ, made to fall on from there: m is 1 (SINGLE), 2, 3 or 4 (QUADRUPLE)
 *     λ = max(base · (1 + gamma·t)^−power, lambda_min) in pass t, counted from `iteration` + 1
 *
 * The gradient towards x has that of |x|·ψ, a·w(k) + b·x, with a and b made a vector of length 1; the weights' gradient is
 * that of y = x · wᵀ. Neither is a derivative.
 *
 * - bottom[0] x: M×…, features from `axis` on; bottom[1]: M labels
 * - top[0]: M×num_output; top[1], optional: λ, one number
 * - blobs: w num_output × features, whose rows every forward gives the length 1
 * - `margin_inner_product_param`: num_output (required), type SINGLE, weight_filler, axis 1, base 1, gamma 0, power 1,
 *   iteration 0, lambda_min 0
 *
 * @see Liu et al., SphereFace, CVPR 2017: its MarginInnerProductLayer
 */
export class MarginInnerProductLayer extends LearnedLayer<Two, OneOrMore> {
  static override readonly type: string = "MarginInnerProduct";
  static override readonly paramFields: readonly ParamField[] = ["margin_inner_product_param"];
  static override readonly role: LayerRole = "learned";
  static override readonly needs: readonly Primitive[] = ["innerProduct", "host"];
  static override readonly bottoms: Arity = arity.two;
  static override readonly tops: Arity = arity.oneOrTwo;
  static override readonly hostBottoms: readonly number[] = [1];

  #axis = 1;
  #outputs = 0;
  #features = 0;
  #shape: Shape | undefined;
  #op!: LinearOp;
  #passes = 0;
  #lambda = 0;
  /** |x| and cos θ of every sample. */
  #lengths: Float64Array = new Float64Array(0);
  #cosines: Float64Array = new Float64Array(0);

  get #param(): MarginInnerProductParameter {
    return this.param.margin_inner_product_param ?? {};
  }

  override setUp([x]: Two): void {
    const { num_output = 0, axis = 1, weight_filler, iteration = 0 } = this.#param;
    if (num_output < 1) {
      this.fail(`margin_inner_product_param.num_output is ${num_output}. Expected 1 or more.`);
    }
    this.#outputs = num_output;
    this.#axis = this.named(() => x.axis(axis));
    this.#features = x.count(this.#axis);
    this.#passes = iteration;
    this.makeBlobs([{ shape: [num_output, this.#features], filler: weight_filler }]);
  }

  override reshape([x, label]: Two, [y, lambda]: OneOrMore): void {
    const samples = x.count(0, this.#axis);
    if (label.count() !== samples) {
      this.fail(
        `${label.count()} labels, shape ${shapeText(label.shape)}, for ${samples} samples. Expected one for each.`,
      );
    }
    y.reshape([...x.shape.slice(0, this.#axis), this.#outputs]);
    lambda?.reshape([1]);
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    if (x.count(this.#axis) !== this.#features) {
      this.fail(
        `bottom has ${x.count(this.#axis)} features, shape ${shapeText(x.shape)}. Expected ${this.#features}, as when the weights were set up.`,
      );
    }
    this.#op = this.engine.innerProduct({
      input: [samples, this.#features],
      outputs: this.#outputs,
      hasBias: false,
      transpose: false,
    });
    this.#lengths = new Float64Array(samples);
    this.#cosines = new Float64Array(samples);
    this.#shape = x.shape;
  }

  /** Every weight for every sample. */
  override macs([x]: Two): number {
    return x.count(0, this.#axis) * this.blobs[0]!.count();
  }

  override forward([x, label]: Two, [y, lambda]: OneOrMore): void {
    const { base = 1, gamma = 0, power = 1, lambda_min = 0, type = "SINGLE" } = this.#param;
    this.#passes++;
    this.#lambda = Math.max(base * (1 + gamma * this.#passes) ** -power, lambda_min);
    if (lambda) lambda.dataMem.overwriteCpu()[0] = this.#lambda;
    this.#normalizeWeights();
    this.#op.forward(x.dataMem, this.blobs[0]!.dataMem, undefined, y.dataMem);
    if (type === "SINGLE") return;
    const [values, labels, products] = [
      x.dataMem.cpu(),
      label.dataMem.cpu(),
      y.dataMem.mutableCpu(),
    ];
    const features = this.#features;
    for (let m = 0; m < this.#lengths.length; m++) {
      const k = this.#labelOf(labels[m]!, m);
      let sum = 0;
      for (let i = m * features; i < (m + 1) * features; i++) sum += values[i]! * values[i]!;
      const length = Math.sqrt(sum);
      const at = m * this.#outputs + k;
      this.#lengths[m] = length;
      this.#cosines[m] = products[at]! / length;
      const [psi] = margins[type](this.#cosines[m]!);
      products[at] = (this.#lambda * products[at]! + length * psi) / (1 + this.#lambda);
    }
  }

  #labelOf(label: number, sample: number): number {
    const k = Math.trunc(label);
    if (!(k >= 0 && k < this.#outputs)) {
      this.failAt(
        sample,
        `label ${label} at position ${sample}. Expected 0 to ${this.#outputs - 1}, a class.`,
      );
    }
    return k;
  }

  #normalizeWeights(): void {
    const weights = this.blobs[0]!.dataMem.mutableCpu();
    const features = this.#features;
    for (let start = 0; start < weights.length; start += features) {
      let sum = 0;
      for (let i = start; i < start + features; i++) sum += weights[i]! * weights[i]!;
      const inverse = 1 / Math.sqrt(sum);
      for (let i = start; i < start + features; i++) weights[i]! *= inverse;
    }
  }

  override backwardReadsBottom(): BackwardReads {
    return "kept";
  }

  /** λ is only told. */
  override readsTopDiff(topIndex: number): boolean {
    return topIndex === 0;
  }

  override backward([y]: OneOrMore, [toX, toLabel]: readonly boolean[], [x, label]: Two): void {
    if (toLabel) this.fail("Layer cannot backpropagate to label inputs.");
    const [w] = this.blobs;
    if (this.paramPropagateDown[0]) {
      this.#op.backwardWeights(x.dataMem, y.diffMem, w!.diffMem, undefined);
    }
    if (!toX) return;
    this.#op.backwardData(y.diffMem, w!.dataMem, x.diffMem);
    const { type = "SINGLE" } = this.#param;
    if (type === "SINGLE") return;
    const [values, labels, weights] = [x.dataMem.cpu(), label.dataMem.cpu(), w!.dataMem.cpu()];
    const [dy, dx] = [y.diffMem.cpu(), x.diffMem.mutableCpu()];
    const features = this.#features;
    for (let m = 0; m < this.#lengths.length; m++) {
      const k = Math.trunc(labels[m]!);
      const [psi, slope] = margins[type](this.#cosines[m]!);
      const ofX = (psi - this.#cosines[m]! * slope) / this.#lengths[m]!;
      const length = Math.hypot(slope, ofX);
      const share = dy[m * this.#outputs + k]! / (1 + this.#lambda);
      // What the product has given for its own class counts λ/(1 + λ).
      const [a, b] = [share * (slope / length - 1), share * (ofX / length)];
      for (let i = 0; i < features; i++) {
        dx[m * features + i]! += a * weights[k * features + i]! + b * values[m * features + i]!;
      }
    }
  }

  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex === 0;
  }

  override state(): LayerState {
    return { passes: this.#passes };
  }

  override refuses(state: LayerState): string | undefined {
    return refusesOtherForms(this.state(), state);
  }

  override restore(state: LayerState): undefined {
    this.#passes = state["passes"] as number;
  }
}

/** ψ and its derivative by cos θ, between the jumps. */
const margins: Readonly<
  Record<"DOUBLE" | "TRIPLE" | "QUADRUPLE", (c: number) => [number, number]>
> = {
  DOUBLE(c) {
    const sign = Math.sign(c);
    return [2 * sign * c ** 2 - 1, 4 * sign * c];
  },
  TRIPLE(c) {
    const sign = Math.sign(Math.abs(c) - 0.5);
    const shift = Math.sign(c) * (1 + sign) - 2;
    return [sign * (4 * c ** 3 - 3 * c) + shift, sign * (12 * c ** 2 - 3)];
  },
  QUADRUPLE(c) {
    const sign = Math.sign(c) * Math.sign(2 * c ** 2 - 1);
    const shift = 2 * Math.sign(c) + sign - 3;
    return [sign * (8 * c ** 4 - 8 * c ** 2 + 1) + shift, sign * (32 * c ** 3 - 16 * c)];
  },
};
