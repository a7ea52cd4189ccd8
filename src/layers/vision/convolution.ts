import type { ConvolutionDescriptor, LinearOp, PostOps, Primitive } from "../../engines/engine.ts";
import { BaseConvolutionLayer } from "../base/base-convolution.ts";
import type { ByteRoleOf } from "../base/byte-role.ts";
import { type CoordMapOf, windowMap } from "../base/coord-map.ts";
import type { Blobs } from "../base/layer.ts";
import type { LayerFusion, Takeover } from "../base/layer-fusion.ts";

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
 *   once per axis, or as `_h` and `_w`; of forks pad_t, pad_l, pad_b and pad_r, each end by itself, and pad_type: 1,
 *   TensorFlow's SAME
 *
 * @see LeCun et al., Neural Computation 1989; Caffe's ConvolutionLayer
 */
export class ConvolutionLayer extends BaseConvolutionLayer {
  static override readonly type: string = "Convolution";
  static override readonly isSteady: boolean = true;
  static override readonly needs: readonly Primitive[] = ["convolution"];
  static override readonly mayBe16Bits: boolean = true;
  static override readonly byteRole: ByteRoleOf = ({ convolution_param: { axis = 1 } = {} }) =>
    axis === 1 ? "product" : undefined;
  static override readonly coordMap: CoordMapOf = ({ convolution_param: param }) =>
    windowMap("convolution_param", param, param?.axis);

  override readonly fusion: LayerFusion = {
    accepts: (posts) => this.#accepts(posts),
    forward: (bottom, top, posts) => this.forward(bottom, top, posts),
    isCheapToRepeat: () => {
      const [w] = this.blobs;
      return w !== undefined && w.count() / w.shape[0]! <= CHEAP;
    },
  };

  protected override readonly isTransposed = false;
  #op!: LinearOp;

  protected override makeOps(descriptor: ConvolutionDescriptor): void {
    const { forInference = false } = this.context;
    this.#op = this.engine.convolution({ ...descriptor, isForwardOnly: forInference });
  }

  #accepts(posts: PostOps): Takeover {
    // The channels of a line are axis 1.
    if (this.window.axis !== 1 && posts.some(({ kind }) => kind === "scale")) return "nothing";
    return this.#op.accepts(posts) ? "forward" : "nothing";
  }

  override forward(bottom: Blobs, top: Blobs, posts?: PostOps): void {
    const [w, b] = this.blobs;
    for (let i = 0; i < top.length; i++) {
      this.#op.forward(bottom[i]!.dataMem, w!.dataMem, b?.dataMem, top[i]!.dataMem, posts);
    }
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
