import { Blob } from "../../blob/blob.ts";
import type { ConcatOp, CopyOp, EltwiseOp, LinearOp, Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { countOf, type Shape, sameShape } from "../../util/shape.ts";
import {
  convolvedLengths,
  describeConvolution,
  type Window,
  windowOf,
} from "../base/convolution-geometry.ts";
import type { LayerRole, One, ParamField } from "../base/layer.ts";
import { LearnedLayer } from "../base/learned.ts";

interface Ops {
  readonly columns: CopyOp;
  /** K → num_output, K → K and K → 1 at each place. */
  readonly linear: LinearOp;
  readonly matrix: LinearOp;
  readonly sum: LinearOp;
  readonly product: EltwiseOp;
  readonly counted: EltwiseOp;
  readonly matrices: ConcatOp;
  readonly lines: ConcatOp;
}

/**
 * A convolution that counts products of two elements of its window too.
 *
 *     y(n, m, p) = Σ over i, j of q(m, i, j)·c(i)·c(j) + Σ over i of s(m, i)·c(i) + b(m),  c the K = C·k·k elements of the window at p
 *
 * - bottom[0]: N×C×h×w; top[0]: N×num_output×h′×w′, of Convolution's lengths
 * - blobs: b num_output; s num_output×C×k×k; q 1×num_output×K×K. Of a term that is left out num_output zeros, which nothing reads
 * - `colinear_convolution_param`: num_output and kernel_size (required), pad 0, stride 1, quadratic_term, linear_term and bias_term true,
 *   their fillers, symmetric false (q(m, i, j) is that of i ≤ j for both orders)
 *
 * The elements are laid out as columns c, K×places, so that for each m the products are a matrix times c, times c by elements, and
 * added up. `group` above 1 and `mask` are refused.
 *
 * @see pl8787/exp_caffe's ColinearConvolutionLayer
 */
export class ColinearConvolutionLayer extends LearnedLayer<One, One> {
  static override readonly type: string = "ColinearConvolution";
  static override readonly paramFields: readonly ParamField[] = ["colinear_convolution_param"];
  static override readonly needs: readonly Primitive[] = [
    "im2col",
    "convolution",
    "eltwise",
    "concat",
    "axpby",
  ];
  static override readonly role: LayerRole = "learned";

  #outputs = 0;
  #channels = 0;
  #window!: Window;
  readonly #param: ReturnType<typeof withDefaults<"ColinearConvolutionParameter">> = withDefaults(
    "ColinearConvolutionParameter",
    this.param.colinear_convolution_param,
  );
  #shape: Shape | undefined;
  /** N×K×places: the elements; q(m)·c, and those times c; and gradients of the elements. */
  readonly #columns: Blob = new Blob([0], this.context.dtype);
  readonly #weighed: Blob = new Blob([0], this.context.dtype);
  readonly #products: Blob = new Blob([0], this.context.dtype);
  readonly #more: Blob = new Blob([0], this.context.dtype);
  /** What of y is of pairs, and q as it counts. */
  readonly #ofPairs: Blob = new Blob([0], this.context.dtype);
  readonly #counted: Blob = new Blob([0], this.context.dtype);
  /** How often each element of q counts, where it is symmetric. */
  readonly #shares: Blob = new Blob([0], this.context.dtype);
  readonly #ones: Blob = new Blob([0], this.context.dtype);
  /** What is not to be learned: no linear term. */
  readonly #nothing: Blob = new Blob([0], this.context.dtype);
  /** Of each m: K×K of q, and its line of #ofPairs. */
  #matrices: readonly Blob[] = [];
  #lines: readonly Blob[] = [];
  #ops!: Ops;

  override setUp([x]: One): void {
    const param = this.#param;
    const { num_output = 0, kernel_size } = param;
    if (num_output < 1) {
      this.fail(`colinear_convolution_param.num_output is ${num_output}. Expected 1 or more.`);
    }
    if (kernel_size === undefined) {
      this.fail("colinear_convolution_param has no kernel_size. Expected 1 or more.");
    }
    if (param.group !== 1 || param.mask !== 0) {
      this.fail(
        `colinear_convolution_param has group ${param.group} and mask ${param.mask}. Expected 1 and 0.`,
      );
    }
    if (x.shape.length !== 4) {
      this.fail(`bottom has ${x.shape.length} axes. Expected 4, N×C×h×w.`);
    }
    this.#outputs = num_output;
    this.#channels = x.shape[1]!;
    this.#window = windowOf(
      { kernel_size: [kernel_size], stride: [param.stride], pad: [param.pad] },
      1,
      4,
      (message) => this.fail(message),
    );
    const window = [this.#channels, ...this.#window.kernel];
    const size = countOf(window);
    const none = { shape: [num_output], filler: undefined };
    this.makeBlobs([
      { shape: [num_output], filler: param.bias_term ? param.bias_filler : undefined },
      param.linear_term
        ? { shape: [num_output, ...window], filler: param.linear_weight_filler }
        : none,
      param.quadratic_term
        ? { shape: [1, num_output, size, size], filler: param.quadratic_weight_filler }
        : none,
    ]);
  }

  override reshape([x]: One, [y]: One): void {
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    this.#shape = undefined;
    const { shape } = x;
    if (shape.length !== 4 || shape[1] !== this.#channels) {
      this.fail(
        `bottom has shape ${shape.join("×")}. Expected 4 axes and ${this.#channels} channels, as when the weights were set up.`,
      );
    }
    const output = convolvedLengths(this.#window, shape, (message) => this.fail(message));
    const size = this.#channels * countOf(this.#window.kernel);
    const [batch = 0] = shape;
    y.reshape([batch, this.#outputs, ...output]);
    this.#ofPairs.reshapeLike(y);
    for (const blob of [this.#columns, this.#weighed, this.#products, this.#more]) {
      blob.reshape([batch, size, ...output]);
    }
    this.#fillConstants(size);
    const { dtype } = this.context;
    const [matrix, line] = [
      [size, size],
      [batch, 1, ...output],
    ];
    this.#matrices = Array.from({ length: this.#outputs }, () => new Blob(matrix, dtype));
    this.#lines = this.#matrices.map(() => new Blob(line, dtype));
    const window = describeConvolution(this.#window, {
      ...{ batch, groups: 1, inputChannels: this.#channels, outputChannels: 1 },
      ...{ input: shape.slice(2), output, hasBias: false },
    });
    const at = (outputChannels: number, hasBias: boolean): LinearOp =>
      this.engine.convolution({
        ...{ batch, groups: 1, inputChannels: size, outputChannels, hasBias },
        ...{ input: output, output, kernel: [1, 1], stride: [1, 1], pad: [0, 0], dilation: [1, 1] },
      });
    const product = (of: Shape): EltwiseOp =>
      this.engine.eltwise({ shape: of, operation: "PROD", coeffs: [], stableProdGrad: true });
    this.#ops = {
      columns: this.engine.im2col(window),
      linear: at(this.#outputs, this.#param.bias_term),
      matrix: at(size, false),
      sum: at(1, false),
      product: product(this.#columns.shape),
      counted: product(this.#counted.shape),
      matrices: this.engine.concat({ shapes: this.#matrices.map(() => matrix), axis: 0 }),
      lines: this.engine.concat({ shapes: this.#lines.map(() => line), axis: 1 }),
    };
    this.#shape = shape;
  }

  #fillConstants(size: number): void {
    this.#ones.reshape([1, size]);
    this.#ones.dataMem.overwriteCpu().fill(1);
    this.#nothing.reshape([this.#outputs, size]);
    this.#counted.reshape([this.#outputs * size, size]);
    if (!this.#param.symmetric) return;
    this.#shares.reshapeLike(this.#counted);
    const shares = this.#shares.dataMem.overwriteCpu();
    for (let at = 0; at < shares.length; at++) {
      const [i, j] = [Math.floor(at / size) % size, at % size];
      // Those above the diagonal count for both orders.
      shares[at] = i === j ? 1 : i < j ? 2 : 0;
    }
  }

  override macs([x]: One): number {
    const [places, batch] = [countOf(this.#columns.shape.slice(2)), x.shape[0] ?? 1];
    return batch * places * (this.blobs[1]!.count() + this.blobs[2]!.count());
  }

  get #linear(): Blob {
    return this.#param.linear_term ? this.blobs[1]! : this.#nothing;
  }

  override forward([x]: One, [y]: One): void {
    const { columns, linear, matrix, product, sum, lines } = this.#ops;
    const elements = this.#columns.dataMem;
    columns.forward(x.dataMem, elements);
    const bias = this.#param.bias_term ? this.blobs[0]!.dataMem : undefined;
    linear.forward(elements, this.#linear.dataMem, bias, y.dataMem);
    if (!this.#param.quadratic_term) return;
    this.#cutMatrices();
    this.#matrices.forEach(({ dataMem }, m) => {
      matrix.forward(elements, dataMem, undefined, this.#weighed.dataMem);
      product.forward([this.#weighed.dataMem, elements], this.#products.dataMem);
      sum.forward(this.#products.dataMem, this.#ones.dataMem, undefined, this.#lines[m]!.dataMem);
    });
    lines.forward(
      this.#lines.map(({ dataMem }) => dataMem),
      this.#ofPairs.dataMem,
    );
    this.engine.axpby(y.count(), 1, this.#ofPairs.dataMem, 1, y.dataMem);
  }

  #cutMatrices(): void {
    const { counted, matrices } = this.#ops;
    const q = this.blobs[2]!.dataMem;
    if (this.#param.symmetric) counted.forward([q, this.#shares.dataMem], this.#counted.dataMem);
    matrices.backward(
      this.#param.symmetric ? this.#counted.dataMem : q,
      this.#matrices.map(({ dataMem }) => dataMem),
    );
  }

  override backward([y]: One, [propagate = false]: readonly boolean[], [x]: One): void {
    const { columns, linear } = this.#ops;
    const [elements, gradient] = [this.#columns.dataMem, this.#columns.diffMem];
    const [learnsBias, learnsLinear] = this.paramPropagateDown;
    const { bias_term, linear_term, quadratic_term } = this.#param;
    const ds = linear_term && learnsLinear ? this.blobs[1]!.diffMem : undefined;
    const db = bias_term && learnsBias ? this.blobs[0]!.diffMem : undefined;
    if (ds || db) linear.backwardWeights(elements, y.diffMem, ds, db);
    if (propagate) linear.backwardData(y.diffMem, this.#linear.dataMem, gradient);
    if (quadratic_term) this.#backwardPairs(y, propagate);
    if (propagate) columns.backward(gradient, x.diffMem);
  }

  /** Adds to the gradients of q and, where they are wanted, of the elements. */
  #backwardPairs(y: Blob, propagate: boolean): void {
    const { lines, matrix, product, sum } = this.#ops;
    const learns = this.paramPropagateDown[2] === true;
    if (!learns && !propagate) return;
    const [elements, gradient] = [this.#columns.dataMem, this.#columns.diffMem];
    const [weighed, products, more] = [this.#weighed, this.#products, this.#more.diffMem];
    lines.backward(
      y.diffMem,
      this.#lines.map(({ diffMem }) => diffMem),
    );
    this.#matrices.forEach(({ dataMem, diffMem }, m) => {
      sum.backwardData(this.#lines[m]!.diffMem, this.#ones.dataMem, products.diffMem);
      if (propagate) matrix.forward(elements, dataMem, undefined, weighed.dataMem);
      product.backward([weighed.dataMem, elements], products.dataMem, products.diffMem, [
        weighed.diffMem,
        propagate ? more : undefined,
      ]);
      if (learns) {
        diffMem.zero();
        matrix.backwardWeights(elements, weighed.diffMem, diffMem, undefined);
      }
      if (!propagate) return;
      this.engine.axpby(this.#columns.count(), 1, more, 1, gradient);
      matrix.backwardData(weighed.diffMem, dataMem, more);
      this.engine.axpby(this.#columns.count(), 1, more, 1, gradient);
    });
    if (learns) this.#addMatrices();
  }

  /** Adds the matrices' gradients to that of q. */
  #addMatrices(): void {
    const { counted, matrices } = this.#ops;
    const { dataMem, diffMem } = this.#counted;
    matrices.forward(
      this.#matrices.map((one) => one.diffMem),
      diffMem,
    );
    const isShared = this.#param.symmetric;
    if (isShared) counted.forward([diffMem, this.#shares.dataMem], dataMem);
    const q = this.blobs[2]!;
    this.engine.axpby(q.count(), 1, isShared ? dataMem : diffMem, 1, q.diffMem);
  }
}
