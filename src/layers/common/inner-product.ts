import type { LinearOp, PostOps, Primitive } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import type { ByteRoleOf } from "../base/byte-role.ts";
import type { BackwardReads, LayerRole, One, ParamField } from "../base/layer.ts";
import type { LayerFusion } from "../base/layer-fusion.ts";
import { LearnedLayer } from "../base/learned.ts";

/**
 * Fully connected: every output is a weighted sum of all features of a sample.
 *
 *     Y = X · Wᵀ + b        X: M×K   W: N×K (K×N if `transpose`)   b: N   Y: M×N
 *
 * - bottom[0]: the axes before `axis` (default 1) are the M samples, the rest their K features
 * - top[0]: the bottom's axes before `axis`, then N
 * - `inner_product_param`: num_output N (required), bias_term true, axis 1, transpose false
 *
 * @see Caffe's InnerProductLayer
 */
export class InnerProductLayer extends LearnedLayer<One, One> {
  static override readonly type: string = "InnerProduct";
  static override readonly isSteady: boolean = true;
  static override readonly paramFields: readonly ParamField[] = ["inner_product_param"];
  static override readonly needs: readonly Primitive[] = ["innerProduct"];
  static override readonly mayBe16Bits: boolean = true;
  static override readonly byteRole: ByteRoleOf = () => "product of rows";
  static override readonly role: LayerRole = "learned";

  override readonly fusion: LayerFusion = {
    accepts: (posts) => (this.#op.accepts(posts) ? "forward" : "nothing"),
    forward: ([x], [y], posts) => this.forward([x!], [y!], posts),
  };

  #axis = 1;
  #features = 0;
  #shape: Shape | undefined;
  #op!: LinearOp;

  override setUp([x]: One): void {
    const param = withDefaults("InnerProductParameter", this.param.inner_product_param);
    const outputs = param.num_output ?? 0;
    if (outputs < 1) this.fail(`inner_product_param.num_output is ${outputs}. Expected 1 or more.`);
    this.#axis = this.named(() => x.axis(param.axis));
    this.#features = x.count(this.#axis);
    const { weight_filler, bias_filler } = param;
    const k = this.#features;
    this.makeBlobs([
      { shape: param.transpose ? [k, outputs] : [outputs, k], filler: weight_filler },
      ...(param.bias_term ? [{ shape: [outputs], filler: bias_filler }] : []),
    ]);
  }

  override reshape([x]: One, [y]: One): void {
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    const features = x.count(this.#axis);
    if (features !== this.#features) {
      this.fail(
        `bottom has ${features} features per sample, shape ${shapeText(x.shape)} from axis ${this.#axis} on. Expected ${this.#features}, as when the weights were set up.`,
      );
    }
    const {
      num_output = 0,
      bias_term = true,
      transpose = false,
    } = this.param.inner_product_param ?? {};
    y.reshape([...x.shape.slice(0, this.#axis), num_output]);
    this.#op = this.engine.innerProduct({
      input: [x.count(0, this.#axis), ...x.shape.slice(this.#axis)],
      outputs: num_output,
      hasBias: bias_term,
      transpose,
      isForwardOnly: this.context.forInference ?? false,
    });
    this.#shape = x.shape;
  }

  /** Every weight for every sample. */
  override macs([x]: One): number {
    return x.count(0, this.#axis) * this.blobs[0]!.count();
  }

  override forward([x]: One, [y]: One, posts?: PostOps): void {
    const [w, b] = this.blobs;
    this.#op.forward(x.dataMem, w!.dataMem, b?.dataMem, y.dataMem, posts);
  }

  override backwardReadsBottom(): BackwardReads {
    return this.paramPropagateDown[0] ? "present" : "nothing";
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    const [w, b] = this.blobs;
    const [learnsW, learnsB] = this.paramPropagateDown;
    if (learnsW || learnsB) {
      this.#op.backwardWeights(
        x.dataMem,
        y.diffMem,
        learnsW ? w!.diffMem : undefined,
        learnsB ? b?.diffMem : undefined,
      );
    }
    if (propagate) this.#op.backwardData(y.diffMem, w!.dataMem, x.diffMem);
  }
}
