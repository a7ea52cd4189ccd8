import { Blob } from "../../blob/blob.ts";
import type { PostOp, PostOps, Primitive, ScaleOp } from "../../engines/engine.ts";
import type { BNParameter } from "../../io/proto/caffe.ts";
import { Watch } from "../../syncedmem/watch.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { type CoordMapOf, unmoved } from "../base/coord-map.ts";
import { InPlaceInput } from "../base/in-place-input.ts";
import type { Arity, BackwardReads, LayerRole, One, OneOrMore, ParamField } from "../base/layer.ts";
import type { LayerFusion } from "../base/layer-fusion.ts";
import { LearnedLayer } from "../base/learned.ts";
import { type ChannelLine, NormalizedLine } from "../base/normalized-line.ts";

/**
 * Normalises each channel, and gives it a learned factor and shift. Two forks gave this name to two layers.
 *
 *     y = scale · (x − mean) / √(variance + eps) + bias
 *
 * PSPNet's: with the batch's statistics in TRAIN, and running ones, r ← momentum·r + (1 − momentum)·batch, in TEST; the
 * variance is biased. With `frozen` running statistics in TRAIN too, and scale and bias stay as they are. Its gradient in
 * TEST is that of TRAIN, unless frozen or in place.
 *
 * SegNet's: with the batch's statistics in TRAIN and in TEST, eps 1e-9; with `bn_mode: INFERENCE` y = scale · x + bias.
 *
 * - bottom[0], top[0]: N×C×…, in place allowed; top[1], top[2], optional, SegNet's: 1×C×1×1, the batch's mean and variance
 * - blobs, each 1×C×1×1: scale, bias; PSPNet's besides mean, variance: statistics, not learned
 * - `bn_param`, PSPNet's: slope_filler and bias_filler (0), momentum 0.9, eps 1e-5, frozen false; SegNet's: bn_mode LEARN,
 *   scale_filler and shift_filler (0)
 *
 * The fields say which is meant (synopsys-caffe's `icnet` is true for PSPNet's), or as many `param` as one has blobs, or top[1]; else `fork: "psp"` or `fork: "segnet"`.
 *
 * @see Zhao et al., PSPNet, CVPR 2017; Badrinarayanan, Kendall & Cipolla, SegNet, TPAMI 2017: their BNLayers
 */
export class BNLayer extends LearnedLayer<One, OneOrMore> {
  static override readonly type: string = "BN";
  static override readonly forks: readonly string[] = ["psp", "segnet"];
  static override readonly paramFields: readonly ParamField[] = ["bn_param"];
  static override readonly role: LayerRole = "normalization";
  static override readonly coordMap: CoordMapOf = unmoved;
  static override readonly needs: readonly Primitive[] = [...NormalizedLine.needs, "axpby"];
  static override readonly tops: Arity = { min: 1, max: 3 };
  static override readonly allowsInPlace: boolean = true;

  override readonly fusion: LayerFusion = {
    accepts: (posts) => (this.#isLine || !this.#op.accepts(this.#line, posts) ? "nothing" : "both"),
    forward: ([x], [y], posts) => this.#normalize(x!, y!, posts),
    backward: ([y], [propagate], [x], posts) =>
      this.#backward(y!, propagate ? x : undefined, posts),
    postOp: () => this.#postOp(),
  };

  #isSegNet = false;
  #channels = 0;
  #shape: Shape | undefined;
  #mean!: Blob;
  #variance!: Blob;
  #op!: NormalizedLine;
  #scaleOp!: ScaleOp;
  readonly #input: InPlaceInput = new InPlaceInput();
  /** Its line with running statistics, for the layer before it. */
  #folded!: { readonly scale: Blob; readonly bias: Blob };
  readonly #watch: Watch = new Watch();

  get #param(): BNParameter {
    return this.param.bn_param ?? {};
  }

  /** y = scale · x + bias and nothing else. */
  get #isLine(): boolean {
    return this.#isSegNet && this.#param.bn_mode === "INFERENCE";
  }

  get #isGlobal(): boolean {
    return !this.#isSegNet && (this.phase === "TEST" || this.#param.frozen === true);
  }

  override isStatistic(blobIndex: number): boolean {
    return !this.#isSegNet && (blobIndex >= 2 || this.#param.frozen === true);
  }

  override setUp([x]: One, top: OneOrMore): void {
    if (x.shape.length < 2) {
      this.fail(`bottom has shape ${shapeText(x.shape)}. Expected two axes or more: N×C×….`);
    }
    this.#isSegNet = this.#decide(top.length);
    if (!this.#isSegNet && top.length > 1) {
      this.fail("several tops. PSPNet's BN has one; expected one, or bn_mode, which is SegNet's.");
    }
    const { slope_filler, scale_filler, bias_filler, shift_filler, frozen } = this.#param;
    this.#channels = x.shape[1] ?? 0;
    const shape = [1, this.#channels, 1, 1];
    const constant = (value: number): { type: string; value: number } => ({
      type: "constant",
      value,
    });
    this.makeBlobs([
      { shape, filler: this.#isSegNet ? scale_filler : slope_filler },
      { shape, filler: this.#isSegNet ? shift_filler : bias_filler },
      ...(this.#isSegNet
        ? []
        : [
            { shape, filler: constant(0) },
            { shape, filler: constant(frozen ? 1 : 0) },
          ]),
    ]);
    const perChannel = (): Blob => new Blob([this.#channels], this.context.dtype);
    [this.#mean, this.#variance] = [perChannel(), perChannel()];
    this.#folded = { scale: perChannel(), bias: perChannel() };
  }

  /** Whether SegNet's is meant. */
  #decide(tops: number): boolean {
    const { bn_mode, scale_filler, shift_filler } = this.#param;
    const { slope_filler, bias_filler, momentum, eps, frozen } = this.#param;
    const segnet = [bn_mode, scale_filler, shift_filler].some((field) => field !== undefined);
    const psp = [slope_filler, bias_filler, momentum, eps, frozen].some(
      (field) => field !== undefined,
    );
    if (segnet && psp) {
      this.fail(
        "bn_param has fields of two forks: bn_mode, scale_filler and shift_filler are SegNet's; slope_filler, bias_filler, momentum, eps and frozen PSPNet's. Expected those of one.",
      );
    }
    if (segnet || psp) {
      this.expectFork(segnet ? "segnet" : "psp", "bn_param");
      return segnet;
    }
    const { fork, param = [] } = this.param;
    if (fork !== undefined) return fork === "segnet";
    if (this.#param.icnet !== undefined) return !this.#param.icnet;
    if (tops > 1 || this.blobs.length === 2 || param.length === 2) return true;
    if (this.blobs.length === 4 || param.length > 2) return false;
    this.context.warn(
      'nothing says whose BN it is; PSPNet\'s is taken. Write fork: "segnet" in the layer for SegNet\'s, or fork: "psp" for this.',
    );
    return false;
  }

  override reshape([x]: One, [y, ...told]: OneOrMore): void {
    if (x !== y) y.reshape(x.shape);
    else if (this.#isLine) this.#input.reshapeLike(x, this.context);
    for (const blob of told) blob.reshape([1, this.#channels, 1, 1]);
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    if (x.shape.length < 2 || x.shape[1] !== this.#channels) {
      this.fail(
        `bottom has shape ${shapeText(x.shape)}. Expected ${this.#channels} channels, as when the layer was set up.`,
      );
    }
    const { dtype } = this.context;
    const eps = this.#isSegNet ? 1e-9 : (this.#param.eps ?? 1e-5);
    const [outer, length, inner] = [x.shape[0] ?? 0, this.#channels, x.count(2)];
    this.#scaleOp = this.engine.scale({ shape: x.shape, outer, length, inner });
    if (!this.#isLine) {
      this.#op = new NormalizedLine(this.engine, dtype, {
        shape: x.shape,
        eps,
        useGlobalStats: this.#isGlobal,
      });
    }
    this.#shape = x.shape;
  }

  override forward([x]: One, [y, mean, variance]: OneOrMore): void {
    if (this.#isLine) {
      this.#input.keep(x, this.engine);
      const { scale, bias } = this.#line;
      this.#scaleOp.forward(x.dataMem, scale, bias, y.dataMem);
      return;
    }
    this.#normalize(x, y);
    if (mean) this.engine.copy(this.#channels, this.#mean.dataMem, mean.dataMem);
    if (variance) this.engine.copy(this.#channels, this.#variance.dataMem, variance.dataMem);
  }

  #normalize(x: Blob, y: Blob, posts: PostOps = []): void {
    const [mean, variance] = this.#statistics;
    this.#op.forward(x.dataMem, mean.dataMem, variance.dataMem, this.#line, y.dataMem, posts);
    if (this.#isGlobal || this.#isSegNet) return;
    const { momentum = 0.9 } = this.#param;
    [mean, variance].forEach((batch, i) => {
      const running = this.blobs[i + 2]!.dataMem;
      this.engine.axpby(this.#channels, 1 - momentum, batch.dataMem, momentum, running);
    });
  }

  override backwardReadsBottom(): BackwardReads {
    return "kept";
  }

  /** Means and variances are only told. */
  override readsTopDiff(topIndex: number): boolean {
    return topIndex === 0;
  }

  override backward([y]: OneOrMore, [propagate]: readonly boolean[], [x]: One): void {
    if (this.#isLine) {
      const { scale, dScale, dBias } = this.#line;
      const input = this.#input.of(x);
      if (dScale || dBias) {
        this.#scaleOp.backwardParams(input.dataMem, y.diffMem, dScale, dBias);
      }
      if (propagate) this.#scaleOp.backwardData(y.diffMem, scale, x.diffMem);
      return;
    }
    const isTrained = this.#param.frozen === true || this.#isSegNet || this.phase === "TRAIN";
    if (isTrained || x === y) this.#backward(y, propagate ? x : undefined);
    else this.#backwardInTest(y, x, propagate === true);
  }

  #backward(y: Blob, x: Blob | undefined, posts: PostOps = []): void {
    const [mean, variance] = this.#statistics;
    this.#op.backward(mean.dataMem, variance.dataMem, this.#line, y.diffMem, x?.diffMem, posts);
  }

  /** dx = (g − mean(g) − x̂·mean(g·x̂)) / σ, g = scale · dy, as if the running statistics were the batch's. */
  #backwardInTest(y: Blob, x: Blob, propagate: boolean): void {
    const [mean, variance] = this.#statistics;
    const { scale, dScale, dBias } = this.#line;
    const [normalized, part] = [new Blob(x.shape, x.dtype), new Blob(x.shape, x.dtype)];
    const shape = x.shape;
    const op = this.engine.batchNorm({ shape, eps: this.#param.eps ?? 1e-5, useGlobalStats: true });
    op.forward(x.dataMem, mean.dataMem, variance.dataMem, normalized.dataMem);
    if (dScale || dBias) this.#scaleOp.backwardParams(normalized.dataMem, y.diffMem, dScale, dBias);
    if (!propagate) return;
    const sums = new Blob([this.#channels], x.dtype);
    const means = new Blob([this.#channels], x.dtype);
    this.#scaleOp.backwardData(y.diffMem, scale, normalized.diffMem);
    this.#scaleOp.backwardParams(
      normalized.dataMem,
      normalized.diffMem,
      sums.dataMem,
      sums.diffMem,
    );
    const share = -this.#channels / Math.max(1, x.count());
    this.engine.axpby(this.#channels, share, sums.dataMem, 0, means.dataMem);
    this.engine.axpby(this.#channels, share, sums.diffMem, 0, means.diffMem);
    this.#scaleOp.forward(normalized.dataMem, means.dataMem, means.diffMem, part.dataMem);
    this.engine.axpby(x.count(), 1, normalized.diffMem, 1, part.dataMem);
    op.forward(x.dataMem, mean.dataMem, variance.dataMem, normalized.dataMem);
    op.backward(mean.dataMem, variance.dataMem, part.dataMem, x.diffMem);
  }

  get #statistics(): readonly [Blob, Blob] {
    return this.#isGlobal ? [this.blobs[2]!, this.blobs[3]!] : [this.#mean, this.#variance];
  }

  get #line(): ChannelLine {
    const [scale, bias] = this.blobs;
    const [learnsScale, learnsBias] = this.#param.frozen === true ? [] : this.paramPropagateDown;
    return {
      scale: scale!.dataMem,
      bias: bias!.dataMem,
      dScale: learnsScale ? scale!.diffMem : undefined,
      dBias: learnsBias ? bias!.diffMem : undefined,
    };
  }

  /** A line per channel, where the statistics do not depend on the batch. */
  #postOp(): PostOp | undefined {
    if (this.#isLine) return { kind: "scale", ...this.#line };
    // A device would have to wait for the answer.
    if (!this.#isGlobal || this.engine.device) return undefined;
    if (this.#watch.isNew(this.blobs.map(({ dataMem }) => dataMem))) {
      const [slope, shift, mean, variance] = this.blobs.map(({ dataMem }) => dataMem.cpu());
      const [to, from] = [
        this.#folded.scale.dataMem.overwriteCpu(),
        this.#folded.bias.dataMem.overwriteCpu(),
      ];
      const { eps = 1e-5 } = this.#param;
      for (let c = 0; c < this.#channels; c++) {
        to[c] = slope![c]! / Math.sqrt(variance![c]! + eps);
        from[c] = shift![c]! - mean![c]! * to[c]!;
      }
    }
    const { scale: factor, bias: offset } = this.#folded;
    const [dScale, dBias] = [undefined, undefined];
    return { kind: "scale", scale: factor.dataMem, bias: offset.dataMem, dScale, dBias };
  }
}
