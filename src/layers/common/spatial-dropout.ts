import { Blob } from "../../blob/blob.ts";
import type { DropoutOp, Primitive, ScaleOp } from "../../engines/engine.ts";
import { type Shape, sameShape } from "../../util/shape.ts";
import { broadcast } from "../base/broadcast.ts";
import type { One, ParamField } from "../base/layer.ts";
import { PassKey } from "../base/pass-key.ts";
import { RandomNeuronLayer } from "../base/random-neuron.ts";

/**
 * Dropout of whole channels: in training each channel of each image is dropped with probability r, and the others are scaled up.
 *
 *     TRAIN  y(n, c) = x(n, c) · m(n, c),  m = 0 with probability r, else 1 / (1 − r)
 *     TEST   y = x
 *
 * - bottom[0], top[0]: N×C×…; in place is allowed
 * - `spatial_dropout_param`, in some forks `dropout_param`: dropout_ratio r 0.5, in [0, 1)
 *
 * @see Tompson et al., Efficient Object Localization Using Convolutional Networks, CVPR 2015; Intel's SpatialDropoutLayer
 */
export class SpatialDropoutLayer extends RandomNeuronLayer {
  static override readonly type: string = "SpatialDropout";
  static override readonly paramFields: readonly ParamField[] = [
    "spatial_dropout_param",
    "dropout_param",
  ];
  static override readonly needs: readonly Primitive[] = ["dropout", "scale", "copy"];

  #ratio = 0;
  protected override readonly key: PassKey = new PassKey(this.random("mask"), this.rank);
  #shape: Shape | undefined;
  readonly #ones: Blob = new Blob([0], this.context.dtype);
  /** Of the last pass, a factor for each channel. */
  readonly #mask: Blob = new Blob([0], this.context.dtype);
  #draw!: DropoutOp;
  #scale!: ScaleOp;

  override setUp(): void {
    const { spatial_dropout_param: own, dropout_param: shared } = this.param;
    this.#ratio = own?.dropout_ratio ?? shared?.dropout_ratio ?? 0.5;
    if (!(this.#ratio >= 0 && this.#ratio < 1)) {
      this.fail(
        `${own?.dropout_ratio === undefined ? "dropout_param" : "spatial_dropout_param"}.dropout_ratio is ${this.#ratio}. Expected 0 or more, and less than 1.`,
      );
    }
  }

  override reshape([x]: One, [y]: One): void {
    if (x !== y) y.reshapeLike(x);
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    this.#shape = x.shape;
    const channels = x.shape.slice(0, 2);
    this.#mask.reshape(channels);
    this.#ones.reshape(channels);
    this.#ones.dataMem.overwriteCpu().fill(1);
    this.#draw = this.engine.dropout({ shape: channels, ratio: this.#ratio });
    this.#scale = this.engine.scale(
      broadcast(x.shape, channels, 0, (message) => this.fail(message)),
    );
  }

  get #drops(): boolean {
    return this.phase === "TRAIN" || this.param.dropout_param?.sample_weights_test === true;
  }

  override forward([x]: One, [y]: One): void {
    if (this.#drops) {
      this.#draw.forward(this.#ones.dataMem, this.#mask.dataMem, this.key.advance());
      this.#scale.forward(x.dataMem, this.#mask.dataMem, undefined, y.dataMem);
    } else if (x !== y) this.engine.copy(x.count(), x.dataMem, y.dataMem);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (!propagate) return;
    if (this.#drops) this.#scale.backwardData(y.diffMem, this.#mask.dataMem, x.diffMem);
    else if (x !== y) this.engine.copy(x.count(), y.diffMem, x.diffMem);
  }

  override get keepsSigns(): boolean {
    return true;
  }
}
