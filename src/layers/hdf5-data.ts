import type { Primitive } from "../engines/engine.ts";
import { Hdf5Rows } from "../io/hdf5-rows.ts";
import { withDefaults } from "../io/proto/messages.ts";
import { countOf } from "../util/shape.ts";
import { arity, type Blobs, Layer, type LayerState, type None } from "./base/layer.ts";

/**
 * Rows of datasets in HDF5 files, of any rank.
 *
 * - tops: one or more; each is the dataset of its name, batch_size rows of it
 * - `hdf5_data_param`: source (a text file that lists the HDF5 files), batch_size, shuffle false (the order of
 *   files, and of rows within a file, anew in every pass)
 *
 * A batch may run from one file into the next. There is no `transform_param`. Where several solvers train side
 * by side each takes its share of the rows.
 *
 * @see Caffe's HDF5DataLayer
 */
export class HDF5DataLayer extends Layer<None, Blobs> {
  static override readonly type: string = "HDF5Data";
  static override readonly needs: readonly Primitive[] = ["host"];
  static override readonly bottoms = arity.none;
  static override readonly tops = arity.oneOrMore;

  #rows!: Hdf5Rows;
  #batchSize = 0;
  /** Rows passed so far, those of other ranks included. */
  #position = 0;
  #seed = 0;

  override setUp(_bottom: None, top: Blobs): void {
    if (this.param.transform_param)
      this.fail("HDF5Data does not transform data. Expected no transform_param.");
    const { batch_size = 0 } = this.param.hdf5_data_param ?? {};
    if (batch_size < 1)
      this.fail(`hdf5_data_param.batch_size is ${batch_size}. Expected 1 or more.`);
    this.#batchSize = batch_size;
    this.#seed = this.context.seed;
    this.#open();
    this.context.log(`Number of HDF5 files: ${this.#rows.fileCount}`);
    top.forEach((y, i) => {
      y.reshape([batch_size, ...this.#rows.rowShape(i)]);
    });
  }

  #open(): void {
    const { source, shuffle } = withDefaults("HDF5DataParameter", this.param.hdf5_data_param);
    if (!source)
      this.fail("hdf5_data_param has no source. Expected a text file that lists HDF5 files.");
    const { root = "." } = this.context;
    this.context.log(`Loading list of HDF5 filenames from: ${source}`);
    this.#rows = this.named(
      () =>
        new Hdf5Rows({
          source: this.locate(source),
          root,
          names: this.param.top ?? [],
          shuffle,
          seed: this.#seed,
          stream: this.param.name ?? "",
        }),
    );
    this.#position = 0;
  }

  override reshape(): void {}

  override forward(_bottom: None, top: Blobs): void {
    const { rank, count } =
      this.phase === "TRAIN" && this.context.shard ? this.context.shard : { rank: 0, count: 1 };
    const sizes = top.map(({ shape }) => countOf(shape, 1));
    for (const [i, y] of top.entries()) {
      const row = this.#rows.rowShape(i);
      if (countOf(row) !== sizes[i]) this.#refuse(i, row);
      y.data.overwriteCpu();
    }
    for (let n = 0; n < this.#batchSize; n++) {
      while (this.#position % count !== rank) this.#next();
      top.forEach((y, i) => {
        if (countOf(this.#rows.rowShape(i)) !== sizes[i]) this.#refuse(i, this.#rows.rowShape(i));
        this.#rows.copyRow(i, y.data.mutableCpu(), n * (sizes[i] ?? 0));
      });
      this.#next();
    }
  }

  #refuse(i: number, row: readonly number[]): never {
    this.fail(
      `dataset "${this.param.top?.[i]}" has rows of shape (${row.join(",")}) in one file and others in another. Expected one shape.`,
    );
  }

  #next(): void {
    this.named(() => this.#rows.next());
    this.#position++;
  }

  override backward(): void {}

  override state(): LayerState {
    return { position: this.#position, seed: this.#seed };
  }

  override restore(state: LayerState): undefined {
    this.#seed = Number(state["seed"]);
    this.#open();
    while (this.#position < Number(state["position"])) this.#next();
  }
}
