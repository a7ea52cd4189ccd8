import {
  type Arity,
  type Blobs,
  Layer,
  type LayerRole,
  type One,
  type ParamField,
} from "../base/layer.ts";

/**
 * Tells recurrent layers that every sample is a sequence of its own: 0 at the first step, 1 at the others.
 *
 * - bottom[0], optional: a blob whose first axis is the samples, in place of `batch_size`
 * - top[0]: T×N
 * - `continuation_indicator_param`: time_step T, batch_size N
 *
 * @see xmfbit/warpctc-caffe's ContinuationIndicatorLayer
 */
export class ContinuationIndicatorLayer extends Layer<Blobs, One> {
  static override readonly type: string = "ContinuationIndicator";
  static override readonly paramFields: readonly ParamField[] = ["continuation_indicator_param"];
  static override readonly role: LayerRole = "constant";
  static override readonly bottoms: Arity = { min: 0, max: 1 };

  override reshape([samples]: Blobs, [top]: One): void {
    const { time_step = 0, batch_size = 0 } = this.param.continuation_indicator_param ?? {};
    const streams = samples ? (samples.shape[0] ?? 1) : batch_size;
    if (time_step < 1 || (!samples && streams < 1)) {
      this.fail(
        `continuation_indicator_param has time_step ${time_step} and batch_size ${batch_size}. Expected 1 or more.`,
      );
    }
    top.reshape([time_step, streams]);
  }

  override forward(_bottom: Blobs, [top]: One): void {
    const streams = top.shape[1] ?? 0;
    top.dataMem.overwriteCpu().fill(0, 0, streams).fill(1, streams, top.count());
  }

  override backward(): void {}

  override allowForceBackward(): boolean {
    return false;
  }
}
