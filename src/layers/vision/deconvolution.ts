import type { Blob } from "../../blob/blob.ts";
import type {
  BiasOp,
  ConvolutionDescriptor,
  ConvolutionOp,
  Primitive,
} from "../../engines/engine.ts";
import { countOf, type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { checkBottom, type Window, windowOf } from "../base/convolution-geometry.ts";
import { arity, type BackwardReads, type Blobs } from "../base/layer.ts";
import { LearnedLayer } from "../base/learned.ts";

/**
 * Transposed convolution: what a convolution does backward, forward. With the bilinear filler it enlarges.
 *
 *     y(n, o, p) = b(o) + Σ over c, i, k with p = i·stride − pad + k·dilation of W(c, o, k) · x(n, c, i)
 *
 * - bottoms: one or more N×C×i…, all of one shape; channels are axis `axis` (default 1)
 * - tops: one for each bottom, N×num_output×o…, o = stride·(i − 1) + dilation·(k − 1) + 1 − 2·pad
 *   (0 makes an empty top)
 * - blobs: W C × num_output/group × k…; b num_output, unless `bias_term: false`
 * - `convolution_param`: as for Convolution
 *
 * @see Zeiler, Krishnan, Taylor & Fergus, CVPR 2010; Caffe's DeconvolutionLayer
 */
export class DeconvolutionLayer extends LearnedLayer<Blobs, Blobs> {
  static override readonly type: string = "Deconvolution";
  static override readonly needs: readonly Primitive[] = ["convolution", "bias"];
  static override readonly bottoms = arity.oneOrMore;
  static override readonly tops = arity.oneOrMore;
  static override readonly equalBottomsAndTops: boolean = true;

  #window!: Window;
  #channels = 0;
  #shape: Shape | undefined;
  #topShape: Shape = [];
  /** The convolution from top to bottom whose gradient this layer is; none where one of them is empty. */
  #op: ConvolutionOp | undefined;
  #biasOp!: BiasOp;

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
      { shape: [this.#channels, outputs / groups, ...kernel], filler: weight_filler },
      ...(hasBias ? [{ shape: [outputs], filler: bias_filler }] : []),
    ]);
  }

  override reshape(bottom: Blobs, top: Blobs): void {
    const shape = bottom[0]?.shape ?? [];
    const descriptor =
      this.#shape && sameShape(shape, this.#shape) ? undefined : this.#describe(shape);
    bottom.forEach((x, i) => {
      if (!sameShape(x.shape, shape)) {
        this.fail(
          `bottom ${i} has shape ${shapeText(x.shape)}. Expected ${shapeText(shape)}, as bottom 0.`,
        );
      }
      top[i]?.reshape(this.#topShape);
    });
    // Tops come first: one that is larger than a blob may be is told of before an engine lists its windows.
    if (descriptor) this.#makeOps(descriptor, this.#topShape);
    this.#shape = shape;
  }

  #makeOps(descriptor: ConvolutionDescriptor, top: Shape): void {
    const { outputs } = this.#window;
    const isEmpty =
      descriptor.batch * this.#channels * countOf(descriptor.output) === 0 || countOf(top) === 0;
    this.#op = isEmpty ? undefined : this.engine.convolution(descriptor);
    this.#biasOp = this.engine.bias({
      shape: top,
      outer: descriptor.batch,
      length: outputs,
      inner: countOf(descriptor.input),
    });
  }

  #describe(shape: Shape): ConvolutionDescriptor {
    this.#shape = undefined;
    checkBottom(this.#window, this.#channels, shape, (message) => this.fail(message));
    const { axis, kernel, stride, pad, dilation, groups, outputs } = this.#window;
    const small = shape.slice(axis + 1);
    const large = small.map((length, i) => {
      const extent = dilation[i]! * (kernel[i]! - 1) + 1;
      const size = stride[i]! * (length - 1) + extent - 2 * pad[i]!;
      if (size < 0) {
        this.fail(
          `bottom shape ${shapeText(shape)} becomes ${size} long on axis ${axis + 1 + i} with pad ${pad[i]}. Expected a smaller pad.`,
        );
      }
      return size;
    });
    this.#topShape = [...shape.slice(0, axis), outputs, ...large];
    return {
      batch: countOf(shape, 0, axis),
      groups,
      inputChannels: outputs,
      outputChannels: this.#channels,
      input: large,
      output: small,
      kernel,
      stride,
      pad,
      dilation,
      hasBias: false,
    };
  }

  override forward(bottom: Blobs, top: Blobs): void {
    const [w, b] = this.blobs;
    for (let i = 0; i < top.length; i++) {
      const y = top[i] as Blob;
      if (this.#op) this.#op.backwardData(bottom[i]!.dataMem, w!.dataMem, y.dataMem);
      else y.dataMem.zero();
      if (b) this.#biasOp.forward(y.dataMem, b.dataMem, y.dataMem);
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
      if (learnsB && b) this.#biasOp.backwardBias(y.diffMem, b.diffMem);
      if (learnsW) this.#op?.backwardWeights(y.diffMem, x.dataMem, w!.diffMem, undefined);
      if (!propagateDown[i]) continue;
      if (this.#op) this.#op.forward(y.diffMem, w!.dataMem, undefined, x.diffMem);
      else x.diffMem.zero();
    }
  }
}
