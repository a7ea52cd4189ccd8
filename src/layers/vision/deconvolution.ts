import type { Blob } from "../../blob/blob.ts";
import type { BiasOp, ConvolutionDescriptor, LinearOp, Primitive } from "../../engines/engine.ts";
import { countOf, type Shape } from "../../util/shape.ts";
import { BaseConvolutionLayer } from "../base/base-convolution.ts";
import { type CoordMapOf, transposedMap } from "../base/coord-map.ts";
import type { Blobs } from "../base/layer.ts";

/**
 * Transposed convolution: what a convolution does backward, forward. With the bilinear filler it enlarges.
 *
 *     y(n, o, p) = b(o) + Σ over c, i, k with p = i·stride − pad + k·dilation of W(c, o, k) · x(n, c, i)
 *
 * - bottoms: one or more N×C×i…, all of one shape; channels are axis `axis` (default 1)
 * - tops: one for each bottom, N×num_output×o…, o = stride·(i − 1) + dilation·(k − 1) + 1 − 2·pad
 *   (0 makes an empty top)
 * - blobs: W C × num_output/group × k…; b num_output, unless `bias_term: false`
 * - `convolution_param`: as for Convolution, without pad_type
 *
 * @see Zeiler, Krishnan, Taylor & Fergus, CVPR 2010; Caffe's DeconvolutionLayer
 */
export class DeconvolutionLayer extends BaseConvolutionLayer {
  static override readonly type: string = "Deconvolution";
  static override readonly needs: readonly Primitive[] = ["convolution", "bias"];
  static override readonly mayBe16Bits: boolean = true;
  static override readonly coordMap: CoordMapOf = ({ convolution_param: param }) =>
    transposedMap("convolution_param", param, param?.axis);

  protected override readonly isTransposed = true;
  /** The convolution from top to bottom whose gradient this layer is; none where one of them is empty. */
  #op: LinearOp | undefined;
  #biasOp!: BiasOp;

  protected override makeOps(descriptor: ConvolutionDescriptor, topShape: Shape): void {
    const { batch, inputChannels, outputChannels, input, output } = descriptor;
    const isEmpty = batch * outputChannels * countOf(output) === 0 || countOf(topShape) === 0;
    this.#op = isEmpty ? undefined : this.engine.convolution(descriptor);
    this.#biasOp = this.engine.bias({
      shape: topShape,
      outer: batch,
      length: inputChannels,
      inner: countOf(input),
    });
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
