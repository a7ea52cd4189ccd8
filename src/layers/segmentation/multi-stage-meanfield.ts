import { Blob } from "../../blob/blob.ts";
import type { LinearOp, Primitive, SoftmaxOp } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { FloatArray } from "../../util/arrays.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import type { LayerRole, ParamField } from "../base/layer.ts";
import { LearnedLayer } from "../base/learned.ts";
import { planesOf } from "../base/planes.ts";
import { PermutohedralLattice } from "./permutohedral-lattice.ts";

type Three = readonly [Blob, Blob, Blob];

/**
 * A conditional random field as a recurrent net: neighbours of like colours come to like classes, in some iterations of
 * mean field.
 *
 *     P = softmax over classes of Q        Q ← U − C · (W_s · K_s P + W_b · K_b P),  Q₀ = bottom[1]
 *
 * K_s and K_b are Gaussian filters whose weights add up to 1 at each pixel: K_s of pixels' places, theta_gamma wide; K_b of
 * places, theta_alpha wide, and colours, theta_beta wide.
 *
 * - bottom[0] U: N×C×H×W, scores; bottom[1]: the same once more, which the first iteration begins with; bottom[2]: the
 *   image, N×3×H×W, which has no gradient; top[0]: N×C×H×W, scores
 * - blobs: W_s, W_b and C, 1×1×C×C. At first W_s and W_b have the filters' weights on their diagonals, C has −1 (POTTS)
 * - `multi_stage_meanfield_param`: theta_alpha, theta_beta and theta_gamma 10, num_iterations 1, spatial_filter_weight and
 *   bilateral_filter_weight 1, or spatial_filter_weights_str and bilateral_filter_weights_str, one number or one for each
 *   class. `threshold` and forced_… have no effect
 *
 * @see Zheng et al., Conditional Random Fields as Recurrent Neural Networks, ICCV 2015; crfasrnn's MultiStageMeanfieldLayer
 */
export class MultiStageMeanfieldLayer extends LearnedLayer<Three, readonly [Blob]> {
  static override readonly type: string = "MultiStageMeanfield";
  static override readonly paramFields: readonly ParamField[] = ["multi_stage_meanfield_param"];
  static override readonly role: LayerRole = "learned";
  static override readonly needs: readonly Primitive[] = [
    "convolution",
    "softmax",
    "axpby",
    "copy",
    "host",
  ];
  static override readonly bottoms = { min: 3, max: 3 };
  static override readonly hostBottoms: readonly number[] = [2];

  readonly #param: ReturnType<typeof withDefaults<"MultiStageMeanfieldParameter">> = withDefaults(
    "MultiStageMeanfieldParameter",
    this.param.multi_stage_meanfield_param,
  );
  #shape: Shape | undefined;
  #classes = 0;
  #spatial!: Kernel;
  /** Of each image. */
  #bilateral: readonly Kernel[] = [];
  /** P of each iteration. */
  #shares: readonly Blob[] = [];
  /** K_s P, K_b P, what both weigh together, that times C, and Q's gradient. */
  readonly #near: Blob = new Blob([0], this.context.dtype);
  readonly #alike: Blob = new Blob([0], this.context.dtype);
  readonly #message: Blob = new Blob([0], this.context.dtype);
  readonly #pairwise: Blob = new Blob([0], this.context.dtype);
  readonly #scores: Blob = new Blob([0], this.context.dtype);
  #product!: LinearOp;
  #softmax!: SoftmaxOp;

  override setUp([unary]: Three): void {
    const { num_iterations } = this.#param;
    for (const field of ["theta_alpha", "theta_beta", "theta_gamma"] as const) {
      const width = this.#param[field];
      if (width > 0) continue;
      this.fail(`multi_stage_meanfield_param.${field} is ${width}. Expected a width above 0.`);
    }
    if (num_iterations < 1) {
      this.fail(
        `multi_stage_meanfield_param.num_iterations is ${num_iterations}. Expected 1 or more.`,
      );
    }
    for (const field of [
      "threshold",
      "forced_spatial_filter_weight",
      "forced_bilateral_filter_weight",
    ] as const) {
      if (this.#param[field] === undefined) continue;
      this.context.warn(`multi_stage_meanfield_param.${field} has no effect.`);
    }
    const [, classes] = planesOf(unary, (message) => this.fail(message));
    this.#classes = classes;
    const isGiven = this.blobs.length > 0;
    const square = { shape: [1, 1, classes, classes], filler: undefined };
    this.makeBlobs([square, square, square]);
    if (isGiven) return;
    this.#fillDiagonal(0, this.#weightsOf("spatial"));
    this.#fillDiagonal(1, this.#weightsOf("bilateral"));
    this.#fillDiagonal(2, new Array<number>(classes).fill(-1));
  }

  /** The weight of a filter for each class. */
  #weightsOf(filter: "spatial" | "bilateral"): readonly number[] {
    const field = `${filter}_filter_weights_str` as const;
    const text = this.#param[field];
    const each = text
      ?.trim()
      .split(/[\s,]+/)
      .map(Number) ?? [this.#param[`${filter}_filter_weight`]];
    const fits = each.length === 1 || each.length === this.#classes;
    if (!fits || each.some((weight) => Number.isNaN(weight))) {
      this.fail(
        `multi_stage_meanfield_param.${field} is "${text}". Expected one number, or ${this.#classes}, one for each class.`,
      );
    }
    return Array.from({ length: this.#classes }, (_, c) => each[c] ?? each[0]!);
  }

  #fillDiagonal(index: number, values: readonly number[]): void {
    const to = this.blobs[index]!.dataMem.overwriteCpu();
    to.fill(0);
    values.forEach((value, c) => {
      to[c * (values.length + 1)] = value;
    });
  }

  override reshape([unary, first, image]: Three, [top]: readonly [Blob]): void {
    const [n, c, h, w] = planesOf(unary, (message) => this.fail(message));
    const { shape } = unary;
    if (c !== this.#classes) {
      this.fail(
        `bottom 0 has ${c} channels, shape ${shapeText(shape)}. Expected ${this.#classes}, as when the weights were set up.`,
      );
    }
    if (!sameShape(first.shape, shape) || !sameShape(image.shape, [n, 3, h, w])) {
      this.fail(
        `bottoms 1 and 2 have shapes ${shapeText(first.shape)} and ${shapeText(image.shape)}. Expected ${shapeText(shape)}, as of bottom 0, and ${shapeText([n, 3, h, w])}, an image.`,
      );
    }
    top.reshape(shape);
    if (this.#shape && sameShape(this.#shape, shape)) return;
    this.#shape = shape;
    this.#shares = Array.from(
      { length: this.#param.num_iterations },
      () => new Blob(shape, this.context.dtype),
    );
    const own = [this.#near, this.#alike, this.#message, this.#pairwise, this.#scores];
    for (const blob of own) blob.reshape(shape);
    this.#softmax = this.engine.softmax({ shape, axis: 1 });
    this.#product = this.engine.convolution({
      ...{ batch: n, groups: 1, inputChannels: c, outputChannels: c, hasBias: false },
      ...{ input: [h, w], output: [h, w], kernel: [1, 1], stride: [1, 1], pad: [0, 0] },
      dilation: [1, 1],
    });
    const wide = this.#param.theta_gamma;
    this.#spatial = this.#kernelOf(h * w, 2, (to, p) => {
      to[2 * p] = (p % w) / wide;
      to[2 * p + 1] = Math.floor(p / w) / wide;
    });
  }

  /** A filter of points whose features `write` writes, and 1 over what its weights add up to at each. */
  #kernelOf(
    points: number,
    dims: number,
    write: (to: Float32Array, point: number) => void,
    image = 0,
  ): Kernel {
    const features = new Float32Array(points * dims);
    for (let p = 0; p < points; p++) write(features, p);
    if (!features.every(Number.isFinite)) {
      this.failAt(image, "a pixel is no finite number, or theta is too small for it.");
    }
    const lattice = new PermutohedralLattice(features, dims);
    const norms = new Float64Array(points).fill(1);
    lattice.filter(norms, norms, 0, 1);
    for (let p = 0; p < points; p++) norms[p] = 1 / (norms[p]! + 1e-20);
    return { lattice, norms };
  }

  #look(image: Blob): void {
    const [n = 0, , h = 0, w = 0] = image.shape;
    const [pixels, size] = [image.dataMem.cpu(), h * w];
    const { theta_alpha, theta_beta } = this.#param;
    this.#bilateral = Array.from({ length: n }, (_, i) =>
      this.#kernelOf(
        size,
        5,
        (to, p) => {
          to[5 * p] = (p % w) / theta_alpha;
          to[5 * p + 1] = Math.floor(p / w) / theta_alpha;
          for (let k = 0; k < 3; k++) {
            to[5 * p + 2 + k] = pixels[(3 * i + k) * size + p]! / theta_beta;
          }
        },
        i,
      ),
    );
  }

  /** Every multiplication by the three matrices. */
  override macs([unary]: Three): number {
    return 3 * this.#param.num_iterations * this.#classes * unary.count();
  }

  override forward([unary, first, image]: Three, [top]: readonly [Blob]): void {
    if (unary.count() === 0) return;
    this.#look(image);
    const compatibility = this.blobs[2]!;
    const count = unary.count();
    let from = first;
    for (const shares of this.#shares) {
      this.#softmax.forward(from.dataMem, shares.dataMem);
      this.#send(shares);
      this.#product.forward(
        this.#message.dataMem,
        compatibility.dataMem,
        undefined,
        this.#pairwise.dataMem,
      );
      this.engine.copy(count, unary.dataMem, this.#scores.dataMem);
      this.engine.axpby(count, -1, this.#pairwise.dataMem, 1, this.#scores.dataMem);
      from = this.#scores;
    }
    this.engine.copy(count, this.#scores.dataMem, top.dataMem);
  }

  /** What neighbours tell each pixel. */
  #send(shares: Blob): void {
    const [near, alike] = this.blobs as [Blob, Blob];
    const from = shares.dataMem.cpu();
    this.#each((at, spatial, bilateral) => {
      filtered(from, this.#near.dataMem.mutableCpu(), at, this.#classes, spatial);
      filtered(from, this.#alike.dataMem.mutableCpu(), at, this.#classes, bilateral);
    });
    this.#product.forward(this.#near.dataMem, near.dataMem, undefined, this.#message.dataMem);
    this.#product.forward(this.#alike.dataMem, alike.dataMem, undefined, this.#pairwise.dataMem);
    const count = this.#message.count();
    this.engine.axpby(count, 1, this.#pairwise.dataMem, 1, this.#message.dataMem);
  }

  /** Each image: where its planes begin, and its filters. */
  #each(work: (at: number, spatial: Kernel, bilateral: Kernel) => void): void {
    this.#bilateral.forEach((kernel, i) => {
      work(i * this.#near.count(1), this.#spatial, kernel);
    });
  }

  override backward([top]: readonly [Blob], propagate: readonly boolean[], bottom: Three): void {
    const [unary, first, image] = bottom;
    const count = unary.count();
    if (propagate[2]) image.diffMem.zero();
    if (count === 0) return;
    const { engine } = this;
    const [near, alike, compatibility] = this.blobs as [Blob, Blob, Blob];
    const scores = this.#scores.diffMem;
    engine.copy(count, top.diffMem, scores);
    if (propagate[0]) engine.copy(count, scores, unary.diffMem);
    for (let t = this.#shares.length - 1; t >= 0; t--) {
      const shares = this.#shares[t]!;
      // What was told then is told again: to keep it would take three times the memory.
      this.#send(shares);
      engine.axpby(count, -1, scores, 0, this.#pairwise.diffMem);
      this.#learn(2, this.#message, this.#pairwise);
      this.#product.backwardData(
        this.#pairwise.diffMem,
        compatibility.dataMem,
        this.#message.diffMem,
      );
      this.#learn(0, this.#near, this.#message);
      this.#learn(1, this.#alike, this.#message);
      this.#product.backwardData(this.#message.diffMem, near.dataMem, this.#near.diffMem);
      this.#product.backwardData(this.#message.diffMem, alike.dataMem, this.#alike.diffMem);
      const back = shares.diffMem.overwriteCpu();
      this.#each((at, spatial, bilateral) => {
        const [from, other] = [this.#near.diffMem.mutableCpu(), this.#alike.diffMem.mutableCpu()];
        filteredBack(from, back, at, this.#classes, spatial, false);
        filteredBack(other, back, at, this.#classes, bilateral, true);
      });
      this.#softmax.backward(shares.dataMem, shares.diffMem, scores);
      if (propagate[0] && t > 0) engine.axpby(count, 1, scores, 1, unary.diffMem);
    }
    if (propagate[1]) engine.copy(count, scores, first.diffMem);
  }

  /** Adds the gradient of a matrix. */
  #learn(index: number, from: Blob, to: Blob): void {
    if (!this.paramPropagateDown[index]) return;
    this.#product.backwardWeights(from.dataMem, to.diffMem, this.blobs[index]!.diffMem, undefined);
  }

  /** The image only says who is alike. */
  override allowForceBackward(bottomIndex: number): boolean {
    return bottomIndex < 2;
  }
}

/** A filter, and what its results are multiplied by at each point. */
interface Kernel {
  readonly lattice: PermutohedralLattice;
  readonly norms: Float64Array;
}

function normalize(y: FloatArray, at: number, channels: number, norms: Float64Array): void {
  for (let c = 0, i = at; c < channels; c++) {
    for (let p = 0; p < norms.length; p++, i++) y[i]! *= norms[p]!;
  }
}

function filtered(
  x: FloatArray,
  y: FloatArray,
  at: number,
  channels: number,
  { lattice, norms }: Kernel,
): void {
  lattice.filter(x, y, at, channels);
  normalize(y, at, channels, norms);
}

/** The gradient dy, which is multiplied by the norms, taken back. */
function filteredBack(
  dy: FloatArray,
  dx: FloatArray,
  at: number,
  channels: number,
  { lattice, norms }: Kernel,
  adds: boolean,
): void {
  normalize(dy, at, channels, norms);
  lattice.filter(dy, dx, at, channels, { isTransposed: true, adds });
}
