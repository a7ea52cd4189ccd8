import type { Blob } from "../../blob/blob.ts";
import type { Primitive } from "../../engines/engine.ts";
import { DataTransformer } from "../../io/images/data-transformer.ts";
import { rasterOf } from "../../io/images/raster.ts";
import type { RecordCounts } from "../../io/loaders/records-in-pass.ts";
import type { Datum } from "../../io/proto/datum.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import {
  arity,
  Layer,
  type LayerRole,
  type LayerState,
  type None,
  type ParamField,
  type TopShapeOf,
  type Two,
} from "../base/layer.ts";
import { refusesOtherForms } from "../base/layer-state.ts";
import { transformOf } from "../base/transform-param.ts";

/** Writes the batch that begins with image number `position` into the two tops, which have their shapes. */
type BatchSource = (position: number, data: Blob, label: Blob) => void;

/**
 * Batches from arrays that the program gives, one after the other, round and round.
 *
 * - top[0]: batch_size×channels×height×width; top[1]: batch_size labels
 * - `memory_data_param`: batch_size, channels, height, width, all required
 * - `transform_param` holds for `addDatumVector`, not for `reset`
 *
 * Where several solvers train side by side, and are given the same arrays, each takes its batches of them.
 *
 * A resumed run goes on where the other stopped, in arrays that the program gives again.
 *
 * @see Caffe's MemoryDataLayer
 */
export class MemoryDataLayer extends Layer<None, Two> {
  static override readonly type: string = "MemoryData";
  static override readonly paramFields: readonly ParamField[] = [
    "memory_data_param",
    "transform_param",
  ];
  static override readonly needs: readonly Primitive[] = ["host"];
  static override readonly bottoms = arity.none;
  static override readonly tops = arity.two;
  static override readonly role: LayerRole = "source";
  static override readonly topShape: TopShapeOf = ({ memory_data_param }, topIndex) => {
    const { batch_size = 1, channels = 1, height = 1, width = 1 } = memory_data_param ?? {};
    return topIndex > 0 ? [batch_size] : [batch_size, channels, height, width];
  };

  readonly #param = withDefaults("MemoryDataParameter", this.param.memory_data_param);
  readonly #random = this.random("transform");
  #source: BatchSource | undefined;
  #count = 0;
  /** Where the batch of the first rank begins. */
  #position = 0;
  #resumeAt = 0;

  /** Solvers that train side by side: their batches lie one behind the other. */
  get #ranks(): number {
    return this.phase === "TRAIN" ? (this.context.shard?.count ?? 1) : 1;
  }

  get batchSize(): number {
    return this.#param.batch_size ?? 0;
  }

  get #shape(): readonly [number, number, number] {
    return [this.#param.channels ?? 0, this.#param.height ?? 0, this.#param.width ?? 0];
  }

  get #size(): number {
    const [channels, height, width] = this.#shape;
    return channels * height * width;
  }

  override setUp(_bottom: None, [data, label]: Two): void {
    if (this.batchSize * this.#size < 1) {
      this.fail(
        "batch_size, channels, height, and width must be specified and positive in memory_data_param.",
      );
    }
    data.reshape([this.batchSize, ...this.#shape]);
    label.reshape([this.batchSize]);
  }

  /**
   * The arrays to read from now on: n images C×H×W, and n labels. They are used as they are, not copied.
   * @throws LayerError where n is not a multiple of the batch size, or an array is too short
   */
  reset(data: ArrayLike<number>, labels: ArrayLike<number>, n: number = labels.length): void {
    this.#checkCount(n);
    if (data.length < n * this.#size || labels.length < n) {
      this.fail(
        `${data.length} values and ${labels.length} labels for ${n} images. Expected ${n * this.#size} values and ${n} labels.`,
      );
    }
    this.readFrom((position, { dataMem }, label) => {
      const [to, toLabels] = [dataMem.overwriteCpu(), label.dataMem.overwriteCpu()];
      const from = position * this.#size;
      for (let i = 0; i < this.batchSize * this.#size; i++) to[i] = data[from + i]!;
      for (let i = 0; i < this.batchSize; i++) toLabels[i] = labels[position + i]!;
    }, n);
  }

  /**
   * Lets `source` write each batch from now on, round and round through n images.
   * @throws LayerError where n is not a multiple of the batch size
   */
  readFrom(source: BatchSource, n: number): void {
    this.#checkCount(n);
    this.#source = source;
    this.#count = n;
    // A resumed run may be given its data after its state.
    this.#position = this.#resumeAt % n;
    this.#resumeAt = 0;
  }

  #checkCount(n: number): void {
    if (n < 1 || n % this.batchSize !== 0) {
      this.fail(`${n} images. n must be a multiple of batch size ${this.batchSize}.`);
    }
  }

  /**
   * Transforms records and reads them from now on.
   * @throws LayerError where their number is not a multiple of the batch size, or one does not fit
   */
  addDatumVector(records: readonly Datum[]): void {
    const data = new Float32Array(records.length * this.#size);
    this.named(() => {
      const transformer = new DataTransformer(
        transformOf(this.param, this.phase, (path) => this.locate(path)),
      );
      records.forEach((record, i) => {
        const image = rasterOf(record);
        const shape = transformer.outputShape(image);
        if (shape.join() !== this.#shape.join()) {
          this.fail(
            `record ${i} becomes ${shape.join("×")}. Expected ${this.#shape.join("×")}, as memory_data_param says.`,
          );
        }
        transformer.add(image, data, i * this.#size, this.#random);
      });
      transformer.flush();
    });
    this.reset(
      data,
      records.map(({ label }) => label),
    );
  }

  override reshape(): void {}

  override forward(_bottom: None, [data, label]: Two): void {
    if (!this.#source)
      this.fail(
        "forward before data is given. MemoryDataLayer needs to be initialized by calling reset.",
      );
    data.reshape([this.batchSize, ...this.#shape]);
    label.reshape([this.batchSize, 1, 1, 1]);
    this.#source((this.#position + this.rank * this.batchSize) % this.#count, data, label);
    this.#position = (this.#position + this.#ranks * this.batchSize) % this.#count;
  }

  override backward(): void {}

  override recordsInPass(): RecordCounts | undefined {
    return this.#count > 0 ? { pass: this.#count, batch: this.batchSize } : undefined;
  }

  override state(): LayerState {
    return { position: this.#position, random: this.#random.state() };
  }

  override refuses(state: LayerState): string | undefined {
    return refusesOtherForms(this.state(), state);
  }

  override restore(state: LayerState): undefined {
    const position = Number(state["position"]);
    this.#random.restore(state["random"] as readonly number[]);
    if (this.#source) this.#position = position % this.#count;
    else this.#resumeAt = position;
  }
}
