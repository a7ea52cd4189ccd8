import { Blob } from "../../blob/blob.ts";
import type { DropoutOp, Primitive, ScaleOp } from "../../engines/engine.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { countOf, type Shape, sameShape } from "../../util/shape.ts";
import type { ByteRoleOf } from "../base/byte-role.ts";
import type { One, ParamField } from "../base/layer.ts";
import type { LayerFusion } from "../base/layer-fusion.ts";
import { PassKey } from "../base/pass-key.ts";
import { RandomNeuronLayer } from "../base/random-neuron.ts";

/**
 * In training each value is dropped with probability r and the others are scaled up; in testing nothing happens.
 *
 *     TRAIN  y = x · m,  m = 0 with probability r, else 1 / (1 − r)
 *     TEST   y = x
 *
 * - bottom[0], top[0]: any shape; in place is allowed
 * - `dropout_param`: dropout_ratio r 0.5, in [0, 1); of SegNet sample_weights_test false: values are dropped in TEST too, for means
 *   over several passes; of Fast R-CNN scale_train true: false leaves values as they are in TRAIN, and multiplies them by 1 − r in TEST
 *
 * @see Srivastava et al., JMLR 2014; Caffe's DropoutLayer
 */
export class DropoutLayer extends RandomNeuronLayer {
  static override readonly type: string = "Dropout";
  static override readonly isSteady: boolean = true;
  static override readonly paramFields: readonly ParamField[] = ["dropout_param"];
  static override readonly needs: readonly Primitive[] = ["dropout", "copy", "scale"];
  static override readonly mayBe16Bits: boolean = true;
  static override readonly byteRole: ByteRoleOf = ({ dropout_param = {}, bottom, top }) => {
    // In place and in TEST it does nothing.
    const { sample_weights_test: drops = false, scale_train: isScaled = true } = dropout_param;
    return !drops && isScaled && bottom?.[0] === top?.[0] ? "passed" : undefined;
  };

  override readonly fusion: LayerFusion = {
    postOp: () =>
      this.#drops && !this.#factor
        ? { kind: "dropout", ratio: this.#ratio, key: this.key.next }
        : undefined,
    forwardWasTaken: () => {
      this.key.advance();
    },
  };

  #ratio = 0;
  protected override readonly key: PassKey = new PassKey(this.random("mask"), this.rank);
  #shape: Shape | undefined;
  #op!: DropoutOp;
  /** 1 − r, where values are not scaled in training. */
  #factor: Blob | undefined;
  #scale: ScaleOp | undefined;

  override setUp(): void {
    this.#ratio = withDefaults("DropoutParameter", this.param.dropout_param).dropout_ratio;
    if (!(this.#ratio >= 0 && this.#ratio < 1)) {
      this.fail(
        `dropout_param.dropout_ratio is ${this.#ratio}. Expected 0 or more, and less than 1.`,
      );
    }
    this.#makeFactor();
  }

  #makeFactor(): void {
    if (this.param.dropout_param?.scale_train !== false) return;
    this.#factor = new Blob([1], this.context.dtype);
    this.#factor.dataMem.overwriteCpu().fill(1 - this.#ratio);
  }

  override reshape([x]: One, [y]: One): void {
    if (x !== y) y.reshapeLike(x);
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    this.#shape = x.shape;
    this.#op = this.engine.dropout({ shape: x.shape, ratio: this.#ratio });
    const inner = countOf(x.shape);
    this.#scale = this.#factor && this.engine.scale({ shape: x.shape, outer: 1, length: 1, inner });
  }

  get #drops(): boolean {
    return this.phase === "TRAIN" || this.param.dropout_param?.sample_weights_test === true;
  }

  override forward([x]: One, [y]: One): void {
    if (this.#drops) {
      this.#op.forward(x.dataMem, y.dataMem, this.key.advance());
    } else if (x !== y) this.engine.copy(x.count(), x.dataMem, y.dataMem);
    this.#rescale(y.dataMem);
  }

  /** What was not dropped was scaled by 1 / (1 − r) in training: either way the factor is 1 − r now. */
  #rescale(values: SyncedMem): void {
    if (this.#factor) this.#scale?.forward(values, this.#factor.dataMem, undefined, values);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (!propagate) return;
    if (this.#drops) this.#op.backward(y.diffMem, x.diffMem, this.key.current);
    else if (x !== y) this.engine.copy(x.count(), y.diffMem, x.diffMem);
    this.#rescale(x.diffMem);
  }

  override get keepsSigns(): boolean {
    return true;
  }
}
