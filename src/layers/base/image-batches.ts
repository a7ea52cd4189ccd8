import type { Primitive } from "../../engines/engine.ts";
import { readBlobFile } from "../../io/caffemodel.ts";
import type { Transform } from "../../io/data-transformer.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { arity, Layer, type LayerState, type None, type Two } from "./layer.ts";

/** One batch: images N×C×H×W and N labels. */
export interface ImageBatch {
  readonly shape: readonly number[];
  readonly data: Float32Array;
  readonly label: Float32Array;
}

/** A layer whose batches are decoded from image files, the next one while the net works on this. */
export abstract class ImageBatchLayer extends Layer<None, Two> {
  static override readonly needs: readonly Primitive[] = ["host"];
  static override readonly bottoms = arity.none;
  static override readonly tops = arity.two;

  protected batchSize = 0;
  /** Random numbers derive from it; that of the run which began the training. */
  protected seed: number = this.context.seed;
  #position = 0;
  #coming: Promise<ImageBatch> | undefined;
  #batch: ImageBatch | undefined;

  /** Decodes the batch whose first item is the `position`th since the beginning. */
  protected abstract loadBatch(position: number): Promise<ImageBatch>;

  override reshape(): void {}

  override ready(): Promise<void> {
    this.#coming ??= this.#load(this.#position);
    return this.#coming.then(
      (batch) => {
        this.#batch = batch;
        this.#coming = this.#load(this.#position + this.batchSize);
      },
      (error: unknown) => {
        this.#coming = undefined;
        this.fail(error instanceof Error ? error.message : String(error), error);
      },
    );
  }

  #load(position: number): Promise<ImageBatch> {
    const batch = this.loadBatch(position);
    // It fails when the batch is asked for, not before.
    batch.catch(() => {});
    return batch;
  }

  override forward(_bottom: None, [data, label]: Two): void {
    const batch = this.#batch;
    if (!batch) this.fail("forward before ready. Expected the Net to await ready.");
    data.reshape(batch.shape);
    data.data.overwriteCpu().set(batch.data);
    label.data.overwriteCpu().set(batch.label);
    this.#position += this.batchSize;
  }

  override backward(): void {}

  override state(): LayerState {
    return { position: this.#position, seed: this.seed };
  }

  override restore(state: LayerState): undefined {
    this.#position = Number(state["position"]);
    this.seed = Number(state["seed"]);
    this.#coming = undefined;
  }

  /** The fields of transform_param, its mean file read. */
  protected transform(): Transform {
    const param = withDefaults("TransformationParameter", this.param.transform_param);
    return {
      scale: param.scale,
      mirror: param.mirror,
      cropSize: param.crop_size,
      mean: param.mean_file === undefined ? undefined : readBlobFile(this.locate(param.mean_file)),
      meanValues: [...param.mean_value],
      phase: this.phase,
    };
  }
}
