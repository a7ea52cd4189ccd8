import type { Primitive } from "../engines/engine.ts";
import { type BatchPlan, BatchReader } from "../io/batch-reader.ts";
import { readBlobFile } from "../io/caffemodel.ts";
import { type Batch, type BatchSource, prefetch } from "../io/prefetch.ts";
import { withDefaults } from "../io/proto/messages.ts";
import { arity, Layer, type LayerState, type None, type OneOrMore } from "./base/layer.ts";

/**
 * Batches of records from a database, read ahead in a thread of their own.
 *
 * - top[0]: N×C×H×W, the transformed images; top[1], optional: N labels
 * - `data_param`: source (a folder), batch_size, prefetch 4 (batches read ahead); `backend` is seen from the files
 * - `transform_param`: scale 1, mirror false, crop_size 0, mean_file or mean_value
 *
 * Records come in key order, round and round; where several solvers train side by side each takes its share.
 *
 * @see Caffe's DataLayer
 */
export class DataLayer extends Layer<None, OneOrMore> {
  static override readonly type: string = "Data";
  static override readonly needs: readonly Primitive[] = ["host"];
  static override readonly bottoms = arity.none;
  static override readonly tops = arity.oneOrTwo;

  #plan!: BatchPlan;
  #source: BatchSource | undefined;
  #batch: Batch | undefined;
  /** Records handed on so far. */
  #position = 0;

  override setUp(_bottom: None, [data, label]: OneOrMore): void {
    const param = withDefaults("DataParameter", this.param.data_param);
    const batchSize = param.batch_size ?? 0;
    if (batchSize < 1) this.fail(`data_param.batch_size is ${batchSize}. Expected 1 or more.`);
    if (!param.source) this.fail("data_param has no source. Expected the folder of a database.");
    this.#plan = {
      source: this.locate(param.source ?? ""),
      batchSize,
      transform: this.named(() => this.#transform()),
      seed: this.context.seed,
      stream: this.param.name ?? "",
      start: 0,
      shard:
        this.phase === "TRAIN" && this.context.shard ? this.context.shard : { rank: 0, count: 1 },
    };
    const shape = this.named(() => {
      const reader = new BatchReader(this.#plan);
      try {
        return reader.peekShape();
      } finally {
        reader.close();
      }
    });
    data.reshape([batchSize, ...shape]);
    label?.reshape([batchSize]);
    this.context.log(`Opened lmdb ${this.#plan.source}`);
    this.context.log(`output data size: ${data.shape.join(",")}`);
  }

  override reshape(): void {}

  override ready(): Promise<void> | undefined {
    this.#source ??= this.named(() =>
      prefetch({ ...this.#plan, start: this.#position }, this.#depth, this.context.log),
    );
    const next = this.named(() => (this.#source as BatchSource).next());
    if (!(next instanceof Promise)) {
      this.#batch = next;
      return undefined;
    }
    return next.then(
      (batch) => {
        this.#batch = batch;
      },
      (error: Error) => this.fail(error.message, error),
    );
  }

  override forward(_bottom: None, [data, label]: OneOrMore): void {
    const batch = this.#batch;
    if (!batch) {
      this.fail("forward before ready. Expected the Net to await ready.");
    }
    data.reshape([this.#plan.batchSize, ...batch.shape]);
    data.data.borrowCpu(batch.data);
    label?.data.borrowCpu(batch.label);
    this.#position += this.#plan.batchSize;
  }

  override backward(): void {}

  override state(): LayerState {
    return { position: this.#position, seed: this.#plan.seed };
  }

  override restore(state: LayerState): undefined {
    this.close();
    this.#position = Number(state["position"]);
    this.#plan = { ...this.#plan, seed: Number(state["seed"]) };
  }

  override close(): void {
    this.#source?.close();
    this.#source = undefined;
    this.#batch = undefined;
  }

  get #depth(): number {
    return withDefaults("DataParameter", this.param.data_param).prefetch;
  }

  #transform(): BatchPlan["transform"] {
    const param = withDefaults("TransformationParameter", this.param.transform_param);
    return {
      scale: param.scale,
      mirror: param.mirror,
      cropSize: param.crop_size,
      mean: param.mean_file === undefined ? undefined : readBlobFile(this.locate(param.mean_file)),
      meanValues: param.mean_value.length > 0 ? [...param.mean_value] : [],
      phase: this.phase,
    };
  }
}
