import type { Blob } from "../../blob/blob.ts";
import type {
  ConvolutionDescriptor,
  ConvolutionOp,
  PostOps,
  Primitive,
} from "../../engines/engine.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import {
  checkBottom,
  describeConvolution,
  type Window,
  windowOf,
} from "../base/convolution-geometry.ts";
import { arity, type BackwardReads, type Blobs } from "../base/layer.ts";
import type { LayerFusion, Takeover } from "../base/layer-fusion.ts";
import { LearnedLayer } from "../base/learned.ts";

/** A processor does so many multiplications in the time that it takes to write one result to memory. */
const CHEAP = 32;

/**
 * Convolution over any number of spatial axes, in groups, dilated.
 *
 *     y(n, o, p) = b(o) + Σ over c, k of W(o, c, k) · x(n, c, p·stride − pad + k·dilation)
 *
 * - bottoms: one or more N×C×i…, all of one shape; channels are axis `axis` (default 1)
 * - tops: one for each bottom, N×num_output×o…, o = ⌊(i + 2·pad − dilation·(k−1) − 1) / stride⌋ + 1
 * - blobs: W num_output × C/group × k…; b num_output, unless `bias_term: false`
 * - `convolution_param`: num_output, kernel_size (required); stride 1, pad 0, dilation 1, group 1; each once,
 *   once per axis, or as `_h` and `_w`
 *
 * @see LeCun et al., Neural Computation 1989; Caffe's ConvolutionLayer
 */
export class ConvolutionLayer extends LearnedLayer<Blobs, Blobs> {
  static override readonly type: string = "Convolution";
  static override readonly needs: readonly Primitive[] = ["convolution"];
  static override readonly bottoms = arity.oneOrMore;
  static override readonly tops = arity.oneOrMore;
  static override readonly equalBottomsAndTops: boolean = true;

  override readonly fusion: LayerFusion = {
    accepts: (posts) => this.#accepts(posts),
    forward: (bottom, top, posts) => this.forward(bottom, top, posts),
    isCheapToRepeat: () => {
      const [w] = this.blobs;
      return w !== undefined && w.count() / w.shape[0]! <= CHEAP;
    },
  };

  #window!: Window;
  #channels = 0;
  #shape: Shape | undefined;
  #descriptor!: ConvolutionDescriptor;
  #op!: ConvolutionOp;

  override setUp([x]: Blobs): void {
    const shape = x?.shape ?? [];
    this.#window = windowOf(this.param.convolution_param, shape.length, (m) => this.fail(m));
    const { axis, outputs, groups, kernel, hasBias } = this.#window;
    this.#channels = shape[axis] ?? 1;
    if (this.#channels % groups !== 0) {
      this.fail(
        `bottom has ${this.#channels} channels, shape ${shapeText(shape)}. Expected a multiple of group ${groups}.`,
      );
    }
    const { weight_filler, bias_filler } = this.param.convolution_param ?? {};
    this.makeBlobs([
      { shape: [outputs, this.#channels / groups, ...kernel], filler: weight_filler },
      ...(hasBias ? [{ shape: [outputs], filler: bias_filler }] : []),
    ]);
  }

  override reshape(bottom: Blobs, top: Blobs): void {
    const shape = bottom[0]?.shape ?? [];
    const isNew = !this.#shape || !sameShape(shape, this.#shape);
    if (isNew) this.#describe(shape);
    const { axis, outputs } = this.#window;
    for (const [i, y] of top.entries()) {
      const x = bottom[i] as Blob;
      if (!sameShape(x.shape, shape)) {
        this.fail(
          `bottom ${i} has shape ${shapeText(x.shape)}. Expected ${shapeText(shape)}, as bottom 0.`,
        );
      }
      y.reshape([...shape.slice(0, axis), outputs, ...this.#descriptor.output]);
    }
    // Tops come first: one that is larger than a blob may be is told of before an engine lists its windows.
    if (isNew) this.#op = this.engine.convolution(this.#descriptor);
    this.#shape = shape;
  }

  #describe(shape: Shape): void {
    const fail = (message: string): never => this.fail(message);
    this.#shape = undefined;
    checkBottom(this.#window, this.#channels, shape, fail);
    this.#descriptor = describeConvolution(this.#window, shape, fail);
  }

  #accepts(posts: PostOps): Takeover {
    // The channels of a line are axis 1.
    if (this.#window.axis !== 1 && posts.some(({ kind }) => kind === "scale")) return "nothing";
    return this.#op.accepts(posts) ? "forward" : "nothing";
  }

  override forward(bottom: Blobs, top: Blobs, posts?: PostOps): void {
    const [w, b] = this.blobs;
    for (let i = 0; i < top.length; i++) {
      this.#op.forward(bottom[i]!.dataMem, w!.dataMem, b?.dataMem, top[i]!.dataMem, posts);
    }
  }

  override backwardReadsBottom(): BackwardReads {
    return this.paramPropagateDown[0] ? "present" : "nothing";
  }

  override backward(top: Blobs, propagateDown: readonly boolean[], bottom: Blobs): void {
    const [w, b] = this.blobs;
    const [learnsW, learnsB] = this.paramPropagateDown;
    for (let i = 0; i < top.length; i++) {
      const [x, y] = [bottom[i]!, top[i]!];
      if (learnsW || (learnsB && b)) {
        this.#op.backwardWeights(
          x.dataMem,
          y.diffMem,
          learnsW ? w!.diffMem : undefined,
          learnsB ? b?.diffMem : undefined,
        );
      }
      if (propagateDown[i]) this.#op.backwardData(y.diffMem, w!.dataMem, x.diffMem);
    }
  }
}
