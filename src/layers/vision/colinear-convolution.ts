import { Blob } from "../../blob/blob.ts";
import type { CopyOp, Primitive } from "../../engines/engine.ts";
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
 * `group` above 1 and `mask` are refused.
 *
 * @see pl8787/exp_caffe's ColinearConvolutionLayer
 */
export class ColinearConvolutionLayer extends LearnedLayer<One, One> {
  static override readonly type: string = "ColinearConvolution";
  static override readonly paramFields: readonly ParamField[] = ["colinear_convolution_param"];
  static override readonly needs: readonly Primitive[] = ["im2col", "host"];
  static override readonly role: LayerRole = "learned";

  #outputs = 0;
  #channels = 0;
  #window!: Window;
  readonly #param: ReturnType<typeof withDefaults<"ColinearConvolutionParameter">> = withDefaults(
    "ColinearConvolutionParameter",
    this.param.colinear_convolution_param,
  );
  #shape: Shape | undefined;
  /** N×K×places. */
  readonly #columns: Blob = new Blob([0], this.context.dtype);
  #op!: CopyOp;
  /** What q counts for each pair of elements, and a line of places. */
  #pairs: Float64Array = new Float64Array(0);
  #line: Float64Array = new Float64Array(0);

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
    y.reshape([shape[0]!, this.#outputs, ...output]);
    this.#columns.reshape([shape[0]!, size, ...output]);
    this.#op = this.engine.im2col(
      describeConvolution(this.#window, {
        batch: shape[0]!,
        groups: 1,
        inputChannels: this.#channels,
        outputChannels: 1,
        input: shape.slice(2),
        output,
        hasBias: false,
      }),
    );
    this.#pairs = new Float64Array(this.#param.quadratic_term ? size * size : 0);
    this.#line = new Float64Array(countOf(output));
    this.#shape = shape;
  }

  override macs([x]: One): number {
    const [places, batch] = [this.#line.length, x.shape[0] ?? 1];
    return batch * places * (this.blobs[1]!.count() + this.blobs[2]!.count());
  }

  /** Element (i, j) of q as often as it counts: where it is symmetric, those above the diagonal twice. */
  #share(i: number, j: number): number {
    if (!this.#param.symmetric || i === j) return 1;
    return i < j ? 2 : 0;
  }

  #readPairs(m: number): void {
    const q = this.blobs[2]!.dataMem.cpu();
    const [pairs, size] = [this.#pairs, this.#columns.shape[1]!];
    for (let at = 0; at < pairs.length; at++) {
      pairs[at] = this.#share(Math.floor(at / size), at % size) * q[m * pairs.length + at]!;
    }
  }

  override forward([x]: One, [y]: One): void {
    this.#op.forward(x.dataMem, this.#columns.dataMem);
    const [columns, out] = [this.#columns.dataMem.cpu(), y.dataMem.overwriteCpu()];
    const [b, s] = [this.blobs[0]!.dataMem.cpu(), this.blobs[1]!.dataMem.cpu()];
    const { linear_term, bias_term, quadratic_term } = this.#param;
    const [size, places, pairs] = [this.#columns.shape[1]!, this.#line.length, this.#pairs];
    const sums = this.#line;
    for (let m = 0; m < this.#outputs; m++) {
      if (quadratic_term) this.#readPairs(m);
      for (let n = 0; n < x.shape[0]!; n++) {
        const to = (n * this.#outputs + m) * places;
        out.fill(bias_term ? b[m]! : 0, to, to + places);
        for (let i = 0; i < size; i++) {
          sums.fill(linear_term ? s[m * size + i]! : 0);
          if (quadratic_term) {
            for (let j = 0; j < size; j++) {
              const pair = pairs[i * size + j]!;
              const from = (n * size + j) * places;
              for (let p = 0; p < places; p++) sums[p]! += pair * columns[from + p]!;
            }
          }
          const from = (n * size + i) * places;
          for (let p = 0; p < places; p++) out[to + p]! += sums[p]! * columns[from + p]!;
        }
      }
    }
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    const [columns, dy] = [this.#columns.dataMem.cpu(), y.diffMem.cpu()];
    this.#moveWeights(columns, dy, x.shape[0]!);
    if (!propagate) return;
    const s = this.blobs[1]!.dataMem.cpu();
    const dc = this.#columns.diffMem.overwriteCpu().fill(0);
    const { linear_term, quadratic_term } = this.#param;
    const [size, places, pairs] = [this.#columns.shape[1]!, this.#line.length, this.#pairs];
    const sums = this.#line;
    for (let m = 0; m < this.#outputs; m++) {
      if (quadratic_term) this.#readPairs(m);
      for (let n = 0; n < x.shape[0]!; n++) {
        const from = (n * this.#outputs + m) * places;
        for (let i = 0; i < size; i++) {
          sums.fill(linear_term ? s[m * size + i]! : 0);
          if (quadratic_term) {
            for (let j = 0; j < size; j++) {
              const pair = pairs[i * size + j]! + pairs[j * size + i]!;
              const at = (n * size + j) * places;
              for (let p = 0; p < places; p++) sums[p]! += pair * columns[at + p]!;
            }
          }
          const to = (n * size + i) * places;
          for (let p = 0; p < places; p++) dc[to + p]! += sums[p]! * dy[from + p]!;
        }
      }
    }
    this.#op.backward(this.#columns.diffMem, x.diffMem);
  }

  #moveWeights(columns: ArrayLike<number>, dy: ArrayLike<number>, batch: number): void {
    const param = this.#param;
    const wants = [param.bias_term, param.linear_term, param.quadratic_term];
    const [db, ds, dq] = this.blobs.map((blob, i) =>
      wants[i] && this.paramPropagateDown[i] ? blob.diffMem.mutableCpu() : undefined,
    );
    const [size, places] = [this.#columns.shape[1]!, this.#line.length];
    const scaled = this.#line;
    for (let n = 0; n < batch; n++) {
      for (let m = 0; m < this.#outputs; m++) {
        const from = (n * this.#outputs + m) * places;
        if (db) for (let p = 0; p < places; p++) db[m]! += dy[from + p]!;
        if (!ds && !dq) continue;
        for (let i = 0; i < size; i++) {
          const at = (n * size + i) * places;
          let sum = 0;
          for (let p = 0; p < places; p++) {
            scaled[p] = dy[from + p]! * columns[at + p]!;
            sum += scaled[p]!;
          }
          if (ds) ds[m * size + i]! += sum;
          for (let j = 0; dq && j < size; j++) {
            const share = this.#share(i, j);
            if (share === 0) continue;
            const other = (n * size + j) * places;
            let product = 0;
            for (let p = 0; p < places; p++) product += scaled[p]! * columns[other + p]!;
            dq[(m * size + i) * size + j]! += share * product;
          }
        }
      }
    }
  }
}
