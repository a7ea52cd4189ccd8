import type { Blob } from "../../blob/blob.ts";
import type { PostOp, Primitive, ScaleOp } from "../../engines/engine.ts";
import type { FillerParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { broadcast, vectorShape } from "../base/broadcast.ts";
import type { ByteRoleOf } from "../base/byte-role.ts";
import { type CoordMapOf, unmoved } from "../base/coord-map.ts";
import { InPlaceInput } from "../base/in-place-input.ts";
import {
  arity,
  type BackwardReads,
  type LayerRole,
  type One,
  type OneOrMore,
  type ParamField,
} from "../base/layer.ts";
import type { LayerFusion } from "../base/layer-fusion.ts";
import { LearnedLayer } from "../base/learned.ts";

/**
 * Multiplies by a vector stretched over the blob, and adds another if asked for.
 *
 *     y = x · γ (+ β)
 *
 * - bottom[0] x: any shape; bottom[1], optional, takes the place of the learned γ
 * - top[0]: shape of x, in place allowed
 * - blobs: γ, covering `num_axes` axes (1; −1 to the end, 0 one value) from `axis` (1); β with `bias_term`
 * - `scale_param`: filler (default 1), bias_term false, bias_filler (default 0)
 *
 * @see Caffe's ScaleLayer
 */
export class ScaleLayer extends LearnedLayer<OneOrMore, One> {
  static override readonly type: string = "Scale";
  static override readonly isSteady: boolean = true;
  static override readonly paramFields: readonly ParamField[] = ["scale_param"];
  static override readonly needs: readonly Primitive[] = ["scale", "copy"];
  static override readonly mayBe16Bits: boolean = true;
  static override readonly byteRole: ByteRoleOf = ({ bottom }) =>
    bottom?.length === 1 ? "line" : undefined;
  static override readonly allowsInPlace: boolean = true;
  static override readonly bottoms = arity.oneOrTwo;
  static override readonly role: LayerRole = "normalization";
  static override readonly coordMap: CoordMapOf = unmoved;

  override readonly fusion: LayerFusion = { postOp: () => this.#linePerChannel() };

  #axis = 0;
  /** Shapes that the op is made for; none fits before there is one. */
  #shape: Shape = [-1];
  #vector: Shape = [-1];
  #op!: ScaleOp;
  /** Backward of γ reads it. */
  readonly #input: InPlaceInput = new InPlaceInput();

  override setUp([x, given]: OneOrMore): void {
    const param = withDefaults("ScaleParameter", this.param.scale_param);
    const fail = (message: string): never => this.fail(message);
    const isScalar = given ? given.shape.length === 0 : param.num_axes === 0;
    this.#axis = isScalar ? 0 : this.named(() => x.axis(param.axis));
    const shape = given?.shape ?? vectorShape(x.shape, this.#axis, param.num_axes, fail);
    const one: FillerParameter = { type: "constant", value: 1 };
    this.makeBlobs([
      ...(given ? [] : [{ shape, filler: param.filler ?? one }]),
      ...(param.bias_term ? [{ shape, filler: param.bias_filler }] : []),
    ]);
  }

  override reshape([x, given]: OneOrMore, [y]: One): void {
    if (x === y) this.#input.reshapeLike(x, this.context);
    else y.reshapeLike(x);
    const vector = this.#gamma(given).shape;
    if (sameShape(x.shape, this.#shape) && sameShape(vector, this.#vector)) return;
    this.#shape = x.shape;
    this.#vector = vector;
    const fail = (message: string): never => this.fail(message);
    const descriptor = broadcast(x.shape, vector, this.#axis, fail);
    const beta = this.#beta(given)?.shape;
    if (beta && !sameShape(beta, vector)) {
      // What was learned keeps its shape, whatever becomes of the bottoms.
      broadcast(x.shape, beta, this.#axis, fail);
      fail(
        `bottom[1] has shape ${shapeText(vector)}. Expected ${shapeText(beta)}, that of the bias.`,
      );
    }
    this.#op = this.engine.scale(descriptor);
  }

  override forward([x, given]: OneOrMore, [y]: One): void {
    this.#input.keep(x, this.engine);
    this.#op.forward(x.dataMem, this.#gamma(given).dataMem, this.#beta(given)?.dataMem, y.dataMem);
  }

  override backwardReadsBottom(bottomIndex: number): BackwardReads {
    if (bottomIndex === 1) return "present";
    const learnsGamma = this.param.bottom?.length === 2 || this.paramPropagateDown[0] === true;
    return learnsGamma && !this.#input.isKept ? "present" : "nothing";
  }

  override backward([y]: One, propagateDown: readonly boolean[], [x, given]: OneOrMore): void {
    const [first, second] = this.paramPropagateDown;
    const wantsGamma = given ? propagateDown[1] : first;
    const wantsBeta = given ? first : second;
    const beta = wantsBeta ? this.#beta(given) : undefined;
    if (given && wantsGamma) given.diffMem.zero();
    if (wantsGamma || beta) {
      this.#op.backwardParams(
        this.#input.of(x).dataMem,
        y.diffMem,
        wantsGamma ? this.#gamma(given).diffMem : undefined,
        beta?.diffMem,
      );
    }
    if (propagateDown[0]) this.#op.backwardData(y.diffMem, this.#gamma(given).dataMem, x.diffMem);
  }

  /** With a learned γ for each channel. */
  #linePerChannel(): PostOp | undefined {
    const [scale, bias] = this.blobs;
    const shape = this.#shape ?? [];
    const isPerChannel =
      this.param.bottom?.length === 1 && this.#axis === 1 && scale?.shape.length === 1;
    if (!isPerChannel || shape.length < 2) return undefined;
    const [learnsScale, learnsBias] = this.paramPropagateDown;
    return {
      kind: "scale",
      scale: scale.dataMem,
      bias: bias?.dataMem,
      dScale: learnsScale ? scale.diffMem : undefined,
      dBias: learnsBias ? bias?.diffMem : undefined,
    };
  }

  #gamma(given: Blob | undefined): Blob {
    return given ?? this.blobs[0]!;
  }

  #beta(given: Blob | undefined): Blob | undefined {
    return this.blobs[given ? 0 : 1];
  }
}
