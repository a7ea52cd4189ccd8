import type { Hdf5Plan } from "../../io/loaders/hdf5-loader.ts";
import { Hdf5Rows } from "../../io/loaders/hdf5-rows.ts";
import type { RecordCounts } from "../../io/loaders/records-in-pass.ts";
import { withDefaults } from "../../io/proto/messages.ts";
import { arity, type Blobs, type None, type ParamField } from "../base/layer.ts";
import { PrefetchingDataLayer } from "../base/prefetching-data.ts";

/**
 * Rows of datasets in HDF5 files, of any rank: read ahead in a thread of its own, or at once where that costs next to
 * nothing.
 *
 * - tops: one or more; each is the dataset of its name, batch_size rows of it
 * - `hdf5_data_param`: source (a text file that lists the HDF5 files), batch_size, shuffle false (the order of
 *   files, and of rows within a file, anew in every pass)
 *
 * A batch may run from one file into the next. Nothing is transformed. Where several solvers train side
 * by side each takes its share of the rows.
 *
 * @see Caffe's HDF5DataLayer
 */
export class HDF5DataLayer extends PrefetchingDataLayer<Blobs> {
  static override readonly type: string = "HDF5Data";
  static override readonly paramFields: readonly ParamField[] = ["hdf5_data_param"];
  static override readonly tops = arity.oneOrMore;

  /** Known where one file holds all rows: others are not read yet. */
  #rows: number | undefined;

  override setUp(_bottom: None, top: Blobs): void {
    if (this.param.transform_param)
      this.fail("HDF5Data does not transform data. Expected no transform_param.");
    const param = withDefaults("HDF5DataParameter", this.param.hdf5_data_param);
    const { source, batch_size = 0, shuffle } = param;
    if (batch_size < 1)
      this.fail(`hdf5_data_param.batch_size is ${batch_size}. Expected 1 or more.`);
    if (!source)
      this.fail("hdf5_data_param has no source. Expected a text file that lists HDF5 files.");
    this.context.log(`Loading list of HDF5 filenames from: ${source}`);
    const plan: Hdf5Plan = {
      ...this.basePlan(batch_size),
      kind: "hdf5",
      source: this.locate(source),
      base: this.context.root ?? ".",
      names: this.param.top ?? [],
      shuffle,
    };
    const rows = this.named(() => new Hdf5Rows(plan));
    this.context.log(`Number of HDF5 files: ${rows.fileCount}`);
    this.#rows = rows.rowsInPass;
    top.forEach((y, i) => {
      y.reshape([batch_size, ...rows.rowShape(i)]);
    });
    this.prefetches(plan, top, { source, isDecoded: false });
  }

  override recordsInPass(): RecordCounts | undefined {
    if (this.#rows === undefined) return undefined;
    return { pass: this.#rows, batch: this.param.hdf5_data_param?.batch_size ?? 0 };
  }
}
