import { Blob } from "../../blob/blob.ts";
import type { Primitive, ScaleOp, UnitLengthOp } from "../../engines/engine.ts";
import type { FillerParameter } from "../../io/proto/caffe.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { type CoordMapOf, unmoved } from "../base/coord-map.ts";
import type { BackwardReads, LayerRole, One, ParamField } from "../base/layer.ts";
import { LearnedLayer } from "../base/learned.ts";

/**
 * Brings each position's channels, or each sample as a whole, to length 1, and scales the result.
 *
 *     y     = γ · x / norm,  norm = √(Σ x² + ε)
 *     ∂E/∂x = γ / norm · (∂E/∂y − x · Σ(x · ∂E/∂y) / norm²)
 *     ∂E/∂γ = Σ x / norm · ∂E/∂y
 *
 * The sums go over the channels of a position or, with across_spatial, over a sample. As in SSD, the gradient towards x is
 * the derivative where all of γ are equal: the sum does not weigh them.
 *
 * - bottom[0]: N×C×…; top[0]: its shape
 *
 * caffe-windows has another layer of this name: γ is 1 and no blob, ε 1e-6, and the sums go over the channels of a position. It
 * is meant where `normalize_param` or `softmax_param { normalize_type: "L2" }` is written, or `fork: "happynear"`.
 *
 * - blobs: γ, one number with channel_shared, else C
 * - `norm_param`: across_spatial true, channel_shared true, scale_filler (1), eps ε 1e-10
 *
 * @see Normalize of SSD (weiliu89/caffe), from ParseNet; happynear/caffe-windows' NormalizeLayer
 */
export class NormalizeLayer extends LearnedLayer<One, One> {
  static override readonly type: string = "Normalize";
  static override readonly forks: readonly string[] = ["ssd", "happynear"];
  static override readonly paramFields: readonly ParamField[] = [
    "norm_param",
    "normalize_param",
    "softmax_param",
  ];
  static override readonly needs: readonly Primitive[] = ["unitLength", "scale"];
  static override readonly role: LayerRole = "normalization";
  static override readonly coordMap: CoordMapOf = unmoved;

  #acrossSpatial = true;
  #eps = 0;
  #channels = 0;
  #shape: Shape | undefined;
  #length!: UnitLengthOp;
  #scale!: ScaleOp;
  /** x / norm, for the gradient of γ. */
  readonly #unit: Blob = new Blob([0], this.context.dtype);

  /** Whether caffe-windows' is meant. */
  get #isPlain(): boolean {
    const { normalize_param, softmax_param, norm_param, fork } = this.param;
    if (norm_param) return false;
    return (
      normalize_param !== undefined ||
      softmax_param?.normalize_type !== undefined ||
      fork === "happynear"
    );
  }

  #setUpPlain(): void {
    const { normalize_param, softmax_param } = this.param;
    const { normalize_type, ...rest } = { ...normalize_param };
    const kind = normalize_type ?? softmax_param?.normalize_type ?? "L2";
    const [other] = Object.entries(rest).find(([, value]) => value !== false) ?? [];
    if (kind !== "L2" || other !== undefined) {
      this.fail(
        `normalize_param has ${other ?? `normalize_type: "${String(kind)}"`}. Expected normalize_type: "L2" alone.`,
      );
    }
    [this.#acrossSpatial, this.#eps] = [false, 1e-6];
  }

  override setUp([x]: One): void {
    this.#channels = this.#channelsOf(x);
    if (this.param.norm_param) this.expectFork("ssd", "norm_param");
    if (this.#isPlain) {
      this.expectFork("happynear", "normalize_type");
      this.#setUpPlain();
      return;
    }
    const { norm_param: given, fork, param: specs = [] } = this.param;
    if (!given && fork === undefined && specs.length === 0 && this.blobs.length === 0) {
      this.context.warn(
        'nothing says whose Normalize it is; SSD\'s is taken. Write fork: "happynear" in the layer for caffe-windows\', which has no weights, or fork: "ssd" for this.',
      );
    }
    const param = withDefaults("NormalizeParameter", this.param.norm_param);
    this.#acrossSpatial = param.across_spatial;
    this.#eps = param.eps;
    const one: FillerParameter = { type: "constant", value: 1 };
    const shape = param.channel_shared ? [] : [this.#channels];
    this.makeBlobs([{ shape, filler: param.scale_filler ?? one }]);
  }

  override reshape([x]: One, [y]: One): void {
    if (this.#channelsOf(x) !== this.#channels) {
      this.fail(
        `bottom has shape ${shapeText(x.shape)}. Expected ${this.#channels} channels, as when the net was built.`,
      );
    }
    y.reshapeLike(x);
    const { shape } = x;
    if (this.#shape && sameShape(this.#shape, shape)) return;
    const isShared = this.blobs[0]?.count() === 1;
    this.#length = this.engine.unitLength({
      shape: this.#acrossSpatial ? [shape[0] ?? 0, x.count(1)] : shape,
      eps: this.#eps,
    });
    this.#scale = this.engine.scale({
      shape,
      ...(isShared
        ? { outer: 1, length: 1, inner: x.count() }
        : { outer: shape[0] ?? 0, length: this.#channels, inner: x.count(2) }),
    });
    this.#shape = shape;
  }

  #channelsOf(x: Blob): number {
    if (x.shape.length < 2) {
      this.fail(`bottom has shape ${shapeText(x.shape)}. Expected two axes or more: N×C×….`);
    }
    return x.shape[1] ?? 0;
  }

  override forward([x]: One, [y]: One): void {
    const [gamma] = this.blobs;
    this.#length.forward(x.dataMem, y.dataMem);
    if (gamma) this.#scale.forward(y.dataMem, gamma.dataMem, undefined, y.dataMem);
  }

  override backwardReadsBottom(): BackwardReads {
    return "present";
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    const [gamma] = this.blobs;
    if (gamma && this.paramPropagateDown[0]) {
      this.#unit.reshapeLike(x);
      this.#length.again(x.dataMem, this.#unit.dataMem);
      this.#scale.backwardParams(this.#unit.dataMem, y.diffMem, gamma.diffMem, undefined);
    }
    if (!propagate) return;
    this.#length.backward(x.dataMem, y.diffMem, x.diffMem);
    if (gamma) this.#scale.backwardData(x.diffMem, gamma.dataMem, x.diffMem);
  }
}
