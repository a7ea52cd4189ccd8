import type { Blob } from "../../blob/blob.ts";
import type { Primitive } from "../../engines/engine.ts";
import { DataTransformer, type Transform } from "../../io/images/data-transformer.ts";
import type { BasePlan, Shard } from "../../io/loaders/loader.ts";
import type { LoaderPlan } from "../../io/loaders/open-loader.ts";
import { type RecordCounts, recordsInPass } from "../../io/loaders/records-in-pass.ts";
import { nameSample } from "../../io/loaders/sample-name.ts";
import { openSourceRecords, type SourceRecords } from "../../io/loaders/source-records.ts";
import type { Batch, BatchSource, PrefetchOptions } from "../../io/prefetch/batch-source.ts";
import { prefetch } from "../../io/prefetch/prefetch.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { PixelStore } from "../../syncedmem/pixel-store.ts";
import { CUT } from "../../util/pixels.ts";
import { countOf } from "../../util/shape.ts";
import { arity, type Blobs, Layer, type LayerRole, type LayerState, type None } from "./layer.ts";
import { refusesOtherForms } from "./layer-state.ts";
import { transformOf } from "./transform-param.ts";

/** Batches are read ahead so far where a layer's parameters do not say. */
const DEPTH = 4;
/** Threads that one layer may have. */
const MOST_WORKERS = 256;
/** So many small ones are, where they take no more memory than this: waking a thread costs as much as making one. */
const [MANY, SMALL_BYTES, FLOAT_BYTES] = [16, 4 * 2 ** 20, 4];

/**
 * A layer whose batches are read, decoded and transformed in threads of their own while the net works, or at once where
 * that costs less than a thread. Its tops borrow the memory in which a batch was made.
 *
 * A layer checks its parameters in `setUp`, shapes its tops, and calls `prefetches` with what is to be read.
 *
 * @see Caffe's BasePrefetchingDataLayer
 */
export abstract class PrefetchingDataLayer<Top extends Blobs> extends Layer<None, Top> {
  static override readonly role: LayerRole = "source";
  static override readonly inBrowser: boolean = false;
  static override readonly needs: readonly Primitive[] = ["host"];
  static override readonly bottoms = arity.none;

  #plan!: LoaderPlan;
  #options!: PrefetchOptions;
  #source: BatchSource | undefined;
  #batch: Batch | undefined;
  /** The first top, and what becomes of its images, where these may be handed on as bytes. */
  #images: { readonly top: Blob; readonly transform: Transform } | undefined;
  /** The first top's floats were last lent by the source. */
  #lendsFloats = false;
  /** Lends the first top bytes, where they are handed on. */
  #pixels: PixelStore | undefined;
  /** Records in a pass, once they have been counted. */
  #counted: { readonly pass: number | undefined } | undefined;
  /** Records handed on so far. */
  #position = 0;

  /** What every plan tells: batch_size, and this layer's share of records and random numbers. */
  protected basePlan(batchSize: number): BasePlan {
    return {
      batchSize,
      seed: this.context.seed,
      stream: this.context.key,
      start: 0,
      shard: this.#shard(),
    };
  }

  /** In training ranks share records; in tests whole batches, if any, so that each has the scores that it has in one rank alone. */
  #shard(): Shard {
    const { rank, count, of = "records" } = this.context.shard ?? { rank: 0, count: 1 };
    const isShared = (of === "records") === (this.phase === "TRAIN");
    return isShared ? { rank, count, of } : { rank: 0, count: 1, of };
  }

  /**
   * Says what is to be read.
   * @param source as the log names it
   * @param isDecoded whether images are decoded, which pays more than one thread
   * @param images what becomes of images that are the first top, where the plan may have them handed on as bytes
   */
  protected prefetches(
    plan: LoaderPlan,
    top: Top,
    {
      source,
      isDecoded,
      depth = DEPTH,
      images,
    }: {
      source: string;
      isDecoded: boolean;
      depth?: number | undefined;
      images?: Transform;
    },
  ): void {
    const { workers } = withDefaults("TransformationParameter", this.param.transform_param);
    if (workers > MOST_WORKERS) {
      this.fail(`transform_param.workers is ${workers}. Expected ${MOST_WORKERS} or fewer.`);
    }
    const shapes = top.map(({ shape }) => [...shape]);
    const bytes = FLOAT_BYTES * shapes.reduce((sum, shape) => sum + countOf(shape), 1);
    const small = Math.min(MANY, Math.floor(SMALL_BYTES / bytes));
    this.#plan = plan;
    const [first] = top;
    if (first && images && this.context.dtype === "f32") {
      this.#images = { top: first, transform: images };
    }
    this.#options = {
      name: source,
      isDecoded,
      workers,
      depth: Math.max(depth, small, 1),
      shapes,
      dtype: this.context.dtype,
      log: this.context.log,
    };
  }

  override reshape(): void {}

  override ready(): Promise<void> | undefined {
    const next = this.named(() => this.#open().next());
    if (!(next instanceof Promise)) {
      this.#batch = next;
      return undefined;
    }
    return next.then(
      (batch) => {
        this.#batch = batch;
      },
      (error: unknown) => this.fail(error instanceof Error ? error.message : String(error), error),
    );
  }

  #open(): BatchSource {
    this.#source ??= this.#start();
    return this.#source;
  }

  #start(): BatchSource {
    const plan = { ...this.#plan, start: this.#position };
    this.#pixels ??= this.#pixelStore();
    if (!this.#pixels) return prefetch(plan, this.#options);
    const { shapes } = this.#options;
    const withCuts = { ...plan, cutsTop: shapes.length };
    const options = { ...this.#options, shapes: [...shapes, [plan.batchSize, CUT]] };
    return prefetch(withCuts, options);
  }

  override forward(_bottom: None, top: Top): void {
    const batch = this.#batch;
    if (!batch) this.fail("forward before ready. Expected the Net to await ready.");
    for (const [i, blob] of top.entries()) {
      const { shape, data } = batch[i] as Batch[number];
      blob.reshape(shape);
      if (i === 0 && this.#lendPixels(blob, batch)) continue;
      blob.dataMem.borrowCpu(data);
      this.#lendsFloats ||= i === 0;
    }
    this.#position += this.#plan.batchSize;
  }

  /** What makes floats of images that go to a device as bytes. It reads the mean, which the source reads for itself. */
  #pixelStore(): PixelStore | undefined {
    const images = this.#images;
    if (!images || !this.context.goesToDevice?.(images.top)) return undefined;
    const transformer = new DataTransformer(images.transform);
    return transformer.keepsBytes ? new PixelStore(transformer.normalization) : undefined;
  }

  /** Lends the first top the bytes of its images; false where the batch has floats. */
  #lendPixels({ dataMem }: Blob, batch: Batch): boolean {
    const [images] = batch;
    const cuts = batch[this.#options.shapes.length];
    if (!this.#pixels || !images || !cuts || cuts.shape.length === 1) return false;
    const { shape, data } = images;
    // Whole words go up; the memory of floats has room for them.
    const length = Math.ceil(data.length / 4) * 4;
    const bytes = new Uint8Array(data.buffer, data.byteOffset, length);
    this.#pixels.lend({ shape, bytes, cuts: cuts.data }, dataMem);
    // Floats are never made in memory of the source.
    if (this.#lendsFloats) dataMem.dropCpu();
    this.#lendsFloats = false;
    return true;
  }

  override backward(): void {}

  override async skip(): Promise<void> {
    this.#position += this.#plan.batchSize;
  }

  /** How many records all ranks have handed on for each of this one's. */
  get #share(): number {
    const { of, count } = this.#plan.shard;
    return of === "records" ? count : 1;
  }

  override state(): LayerState {
    // Of all ranks: however many there are when the run goes on.
    return { position: this.#position * this.#share, seed: this.#plan.seed };
  }

  override refuses(state: LayerState): string | undefined {
    return refusesOtherForms(this.state(), state);
  }

  override restore(state: LayerState): undefined {
    this.close();
    this.#position = Math.floor(Number(state["position"]) / this.#share);
    this.#plan = { ...this.#plan, seed: Number(state["seed"]) };
  }

  override recordName(sample: number): string | undefined {
    const start = this.#position - this.#plan.batchSize;
    return this.#batch && nameSample({ ...this.#plan, start }, sample);
  }

  override recordsInPass(): RecordCounts | undefined {
    this.#counted ??= { pass: recordsInPass(this.#plan) };
    const { pass } = this.#counted;
    return pass === undefined ? undefined : { pass, batch: this.#plan.batchSize };
  }

  override openRecords(): SourceRecords | undefined {
    return this.named(() => openSourceRecords(this.#plan));
  }

  override close(): void {
    this.#source?.close();
    this.#source = undefined;
    this.#batch = undefined;
  }

  /** The fields of transform_param, its mean file read. */
  protected transform(): Transform {
    return transformOf(this.param, this.phase, (path) => this.locate(path));
  }
}
