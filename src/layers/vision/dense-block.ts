import { Blob } from "../../blob/blob.ts";
import type { ConcatOp, DropoutOp, Primitive, UnaryOp } from "../../engines/engine.ts";
import type { FillerParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { type CoordMapOf, unmoved } from "../base/coord-map.ts";
import { inverseKernel } from "../base/inverse.ts";
import type { BackwardReads, LayerRole, LayerState, One, ParamField } from "../base/layer.ts";
import { refusesOtherForms } from "../base/layer-state.ts";
import { LearnedLayer } from "../base/learned.ts";
import { PassKey } from "../base/pass-key.ts";
import { DenseStep, type StepBlobs, type StepLearns } from "./dense-step.ts";

/** Channels that are added, and what makes them. */
interface Transition {
  readonly steps: readonly DenseStep[];
  /** What each step makes. */
  readonly made: readonly Blob[];
  readonly concat: ConcatOp;
  readonly dropout: DropoutOp | undefined;
  /** All channels so far; undefined for the first, which reads the bottom. */
  readonly before: Blob | undefined;
}

/**
 * A block of DenseNet: T transitions, each of which adds growthRate channels made of all channels before it.
 *
 *     x(t + 1) = concat(x(t), W(t) ∗ r(x(t))),  r(x) = max(γ · (x − μ) / √(σ² + 1e-5) + β, 0),  t from 0 to T − 1
 *
 * with use_BC W(t) ∗ r(U(t) ∗ r(x(t))), U of 4·growthRate filters. W is 3×3 and, as cuDNN's convolutions do, turned by half a turn
 * before it is laid on. In training μ and σ² are the batch's, in testing running means.
 *
 * - bottom[0]: N×C×h×w; top[0]: N×(C + T·growthRate)×h×w
 * - blobs: T W, T γ, T β, T μ, T σ² (each 1×C×1×1 of its C), with use_BC T U and their γ, β, μ, σ²; then one number n, 0 where μ
 *   and σ² are means, else the sums' count, which they are divided by. No solver changes μ, σ² and n
 * - `denseblock_param`: numTransition T 40, growthRate 12, Filter_Filler, BN_Scaler_Filler, BN_Bias_Filler, use_BC false,
 *   moving_average_fraction f 0.1 (μ ← (1 − f)·μ + f·batch), use_dropout false with dropout_amount 0 of what a transition adds, in training
 *
 * `initChannel` counts for nothing: the bottom's channels do.
 *
 * @see Huang et al., CVPR 2017; senlinuc/caffe_ocr's and Tongcheng/caffe's DenseBlockLayer
 */
export class DenseBlockLayer extends LearnedLayer<One, One> {
  static override readonly type: string = "DenseBlock";
  static override readonly paramFields: readonly ParamField[] = ["denseblock_param"];
  static override readonly needs: readonly Primitive[] = [...DenseStep.needs, "concat", "dropout"];
  static override readonly role: LayerRole = "learned";
  static override readonly coordMap: CoordMapOf = unmoved;
  static override readonly keepsStatistics: boolean = true;

  readonly #param: ReturnType<typeof withDefaults<"DenseBlockParameter">> = withDefaults(
    "DenseBlockParameter",
    this.param.denseblock_param,
  );
  readonly #keys: PassKey[] = [];
  #channels = 0;
  #shape: Shape | undefined;
  #transitions: readonly Transition[] = [];
  /** The gradient that a transition passes down, where another lies already. */
  readonly #more: Blob = new Blob([0], this.context.dtype);
  readonly #inverse: Blob = new Blob([1], this.context.dtype);
  readonly #none: Blob = new Blob([1], this.context.dtype);
  #invert!: UnaryOp;

  override setUp([x]: One): void {
    this.#checkParam();
    const { numTransition: count, growthRate: growth, use_BC, ...param } = this.#param;
    if (x.shape.length !== 4) {
      this.fail(`bottom has shape ${shapeText(x.shape)}. Expected 4 axes, N×C×h×w.`);
    }
    this.#channels = x.shape[1]!;
    const { initChannel } = this.param.denseblock_param ?? {};
    if (initChannel !== undefined && initChannel !== this.#channels) {
      this.context.warn(
        `denseblock_param.initChannel is ${initChannel}, and bottom has ${this.#channels} channels, which count.`,
      );
    }
    const each = (
      filler: FillerParameter | undefined,
      shapeOf: (channels: number) => Shape,
    ): { shape: Shape; filler: FillerParameter | undefined }[] =>
      Array.from({ length: count }, (_, t) => ({
        shape: shapeOf(this.#channels + t * growth),
        filler,
      }));
    const middle = 4 * growth;
    const lines = (shapeOf: (channels: number) => Shape): ReturnType<typeof each> => [
      ...each(param.BN_Scaler_Filler, shapeOf),
      ...each(param.BN_Bias_Filler, shapeOf),
      ...each({ type: "constant", value: 0 }, shapeOf),
      ...each({ type: "constant", value: 1 }, shapeOf),
    ];
    this.makeBlobs([
      ...each(param.Filter_Filler, (channels) => [growth, use_BC ? middle : channels, 3, 3]),
      ...lines((channels) => [1, channels, 1, 1]),
      ...(use_BC
        ? [
            ...each(param.Filter_Filler, (channels) => [middle, channels, 1, 1]),
            ...lines(() => [1, middle, 1, 1]),
          ]
        : []),
      { shape: [1], filler: undefined },
    ]);
    this.#invert = this.engine.unary(inverseOrOne, {}, [1]);
    if (!this.#drops) return;
    for (let t = 0; t < count; t++) this.#keys.push(new PassKey(this.random("mask", t), this.rank));
  }

  #checkParam(): void {
    const param = this.#param;
    for (const field of ["numTransition", "growthRate"] as const) {
      if (param[field] < 1) {
        this.fail(`denseblock_param.${field} is ${param[field]}. Expected 1 or more.`);
      }
    }
    const { pad_h, pad_w, conv_verticalStride, conv_horizentalStride, filter_H, filter_W } = param;
    const window = [pad_h, pad_w, conv_verticalStride, conv_horizentalStride, filter_H, filter_W];
    if (!sameShape(window, [1, 1, 1, 1, 3, 3])) {
      this.fail(
        `denseblock_param has filters of ${filter_H}×${filter_W}, pad ${pad_h} and ${pad_w}, strides ${conv_verticalStride} and ${conv_horizentalStride}. Expected 3×3, 1 and 1, which is all that this layer does.`,
      );
    }
    const { dropout_amount: ratio, moving_average_fraction: fraction } = param;
    if (!(ratio >= 0 && ratio < 1)) {
      this.fail(
        `denseblock_param.dropout_amount is ${ratio}. Expected 0 or more, and less than 1.`,
      );
    }
    if (!(fraction >= 0 && fraction <= 1)) {
      this.fail(`denseblock_param.moving_average_fraction is ${fraction}. Expected 0 to 1.`);
    }
  }

  get #drops(): boolean {
    return this.phase === "TRAIN" && this.#param.use_dropout;
  }

  override isStatistic(blobIndex: number): boolean {
    const part = Math.floor(blobIndex / this.#param.numTransition);
    return part === 3 || part === 4 || part >= 8 || blobIndex === this.blobs.length - 1;
  }

  override reshape([x]: One, [y]: One): void {
    const { shape } = x;
    if (this.#shape && sameShape(this.#shape, shape)) return;
    this.#shape = undefined;
    if (shape.length !== 4 || shape[1] !== this.#channels) {
      this.fail(
        `bottom has shape ${shapeText(shape)}. Expected 4 axes and ${this.#channels} channels, as when the weights were set up.`,
      );
    }
    const { numTransition, growthRate } = this.#param;
    const [batch = 0, channels = 0, ...lengths] = shape;
    y.reshape([batch, channels + numTransition * growthRate, ...lengths]);
    this.#transitions = Array.from({ length: numTransition }, (_, t) =>
      this.#transition(t, [batch, channels + t * growthRate, ...lengths]),
    );
    this.#more.reshape([batch, channels + (numTransition - 1) * growthRate, ...lengths]);
    this.#shape = shape;
  }

  #transition(t: number, shape: Shape): Transition {
    const { use_BC, growthRate, dropout_amount, moving_average_fraction } = this.#param;
    const { dtype } = this.context;
    const [batch = 0, , ...lengths] = shape;
    const plan = { useGlobalStats: this.phase === "TEST", fraction: moving_average_fraction };
    const widths = use_BC ? [4 * growthRate, growthRate] : [growthRate];
    const made = widths.map((width) => new Blob([batch, width, ...lengths], dtype));
    const steps = made.map((_, i) => {
      const input = i === 0 ? shape : made[i - 1]!.shape;
      return new DenseStep(this.engine, dtype, this.#blobsOf(t, i), { shape: input, ...plan });
    });
    const added = made.at(-1)!.shape;
    return {
      steps,
      made,
      concat: this.engine.concat({ shapes: [shape, added], axis: 1 }),
      dropout: this.#drops
        ? this.engine.dropout({ shape: added, ratio: dropout_amount })
        : undefined,
      before: t === 0 ? undefined : new Blob(shape, dtype),
    };
  }

  /** Where the blobs of a step of a transition lie: W or U, γ, β, μ, σ². The first of two is U's. */
  #places(t: number, step: number): readonly number[] {
    const { numTransition: count, use_BC } = this.#param;
    const isFirst = use_BC && step === 0;
    // The line in front of a filter is numbered with what it reads: the transition's in 1 to 4, U's result in 6 to 9.
    const line = use_BC && step === 1 ? 6 : 1;
    return [isFirst ? 5 : 0, line, line + 1, line + 2, line + 3].map((part) => part * count + t);
  }

  #blobsOf(t: number, step: number): StepBlobs {
    const [filter, scale, bias, mean, variance] = this.#places(t, step).map(
      (place) => this.blobs[place]!,
    );
    return { filter: filter!, scale: scale!, bias: bias!, mean: mean!, variance: variance! };
  }

  #learns(t: number, step: number): StepLearns {
    const [filter, scale, bias] = this.#places(t, step).map(
      (place) => this.paramPropagateDown[place] ?? false,
    );
    return { filter: filter!, scale: scale!, bias: bias! };
  }

  override macs([x]: One): number {
    const { numTransition, use_BC } = this.#param;
    const filters = this.blobs.filter((_, i) => {
      const part = Math.floor(i / numTransition);
      return part === 0 || (use_BC && part === 5);
    });
    const [batch = 1, , h = 1, w = 1] = x.shape;
    return batch * h * w * filters.reduce((sum, blob) => sum + blob.count(), 0);
  }

  override backwardReadsBottom(): BackwardReads {
    return "kept";
  }

  override forward([x]: One, [y]: One): void {
    const count = this.blobs.at(-1)!.dataMem;
    this.#invert.forward(count, this.#inverse.dataMem);
    this.#transitions.forEach(({ steps, made, concat, dropout, before }, t) => {
      const from = (before ?? x).dataMem;
      steps.forEach((step, i) => {
        const input = i === 0 ? from : made[i - 1]!.dataMem;
        step.forward(input, made[i]!.dataMem, this.#inverse.dataMem);
      });
      const added = made.at(-1)!.dataMem;
      dropout?.forward(added, added, this.#keys[t]!.advance());
      concat.forward([from, added], (this.#transitions[t + 1]?.before ?? y).dataMem);
    });
    // What was a sum is a mean now.
    if (this.phase === "TRAIN") this.engine.copy(1, this.#none.dataMem, count);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    for (let t = this.#transitions.length - 1; t >= 0; t--) {
      const { steps, made, concat, dropout, before } = this.#transitions[t]!;
      const added = made.at(-1)!.diffMem;
      const below = before ?? (propagate ? x : undefined);
      const above = this.#transitions[t + 1]?.before ?? y;
      concat.backward(above.diffMem, [below?.diffMem, added]);
      dropout?.backward(added, added, this.#keys[t]!.current);
      for (let i = steps.length - 1; i >= 0; i--) {
        const to = i > 0 ? made[i - 1]!.diffMem : below && this.#more.diffMem;
        steps[i]!.backward(made[i]!.diffMem, this.#learns(t, i), to);
      }
      if (below) this.engine.axpby(below.count(), 1, this.#more.diffMem, 1, below.diffMem);
    }
  }

  override state(): LayerState | undefined {
    if (this.#keys.length === 0) return undefined;
    const keys = this.#keys.map((key) => key.state()["random"] as readonly number[]);
    return { random: keys.flat() };
  }

  override refuses(state: LayerState): string | undefined {
    return refusesOtherForms(this.state(), state);
  }

  override restore(state: LayerState): undefined {
    const all = state["random"] as readonly number[];
    this.#keys.forEach((key, t) => {
      key.restore({ random: all.slice(2 * t, 2 * t + 2) });
    });
  }
}

const inverseOrOne = inverseKernel(1);
