import type { Blob } from "../../blob/blob.ts";
import type { Primitive } from "../../engines/engine.ts";
import { Hdf5RowWriter } from "../../io/hdf5/row-writer.ts";
import { countOf } from "../../util/shape.ts";
import { arity, Layer, type None, type ParamField, type Two } from "../base/layer.ts";

/**
 * Writes its bottoms to an HDF5 file, as datasets `data` and `label`, N×C×H×W.
 *
 * - bottom[0], bottom[1]: equal N, four axes at most
 * - `hdf5_output_param.file_name`
 *
 * Rows of every forward pass follow those of the pass before, and are written as they come: memory stays flat. The
 * file has its name when the net is closed; a copy has it whenever the passes have doubled, so that little is lost if
 * that never comes. Caffe's own layer crashes in its second pass.
 *
 * @see Caffe's HDF5OutputLayer
 */
export class HDF5OutputLayer extends Layer<Two, None> {
  static override readonly type: string = "HDF5Output";
  static override readonly paramFields: readonly ParamField[] = ["hdf5_output_param"];
  static override readonly inBrowser: boolean = false;
  static override readonly needs: readonly Primitive[] = ["host"];
  static override readonly bottoms = arity.two;
  static override readonly tops = arity.none;

  #path = "";
  #opening: Promise<void> | undefined;
  #writer: Hdf5RowWriter | undefined;
  #passes = 0;
  #rows = 0;

  override setUp(): void {
    const name = this.param.hdf5_output_param?.file_name;
    if (!name) this.fail("hdf5_output_param has no file_name. Expected the file to write.");
    this.checkWritesAlone(name);
    this.#path = this.locate(name);
  }

  override reshape([data, label]: Two): void {
    if (data.shape[0] !== label.shape[0]) {
      this.fail(
        `${data.shape[0]} rows of data and ${label.shape[0]} of labels. data blob and label blob must have the same batch size.`,
      );
    }
    for (const blob of [data, label]) this.named(() => blob.legacyAxis(0));
  }

  /** The HDF5 library is loaded and the file begun before the first pass. */
  override ready(): Promise<void> | undefined {
    if (this.#writer) return undefined;
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open(): Promise<void> {
    try {
      this.#writer = await Hdf5RowWriter.create(this.#path, ["data", "label"]);
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error), error);
    }
  }

  override forward([data, label]: Two): void {
    const writer = this.#writer;
    if (!writer) this.fail("forward before ready. Expected the Net to await ready.");
    this.named(() => {
      putRows(writer, "data", data);
      putRows(writer, "label", label);
    });
    this.#rows += data.shape[0] ?? 0;
    this.#passes++;
    // The first pass, the second, the fourth, the eighth, …
    if (Number.isInteger(Math.log2(this.#passes))) this.#save(() => writer.share());
  }

  override backward(_top: None, propagateDown: readonly boolean[], bottom: Two): void {
    bottom.forEach((x, i) => {
      if (propagateDown[i]) x.diffMem.zero();
    });
  }

  override close(): void {
    const writer = this.#writer;
    this.#writer = undefined;
    this.#opening = undefined;
    if (!writer) return;
    if (this.#passes === 0) {
      writer.abandon();
      return;
    }
    try {
      this.#save(() => writer.finish());
    } catch (error) {
      writer.abandon();
      throw error;
    }
  }

  #save(save: () => void): void {
    this.context.log(`Saving HDF5 file ${this.#path}`);
    this.named(save);
    this.context.log(`Successfully saved ${this.#rows} rows`);
  }
}

function putRows(writer: Hdf5RowWriter, name: string, blob: Blob): void {
  const shape = ([1, 2, 3] as const).map((axis) => blob.legacyAxis(axis));
  const size = countOf(shape);
  const values = blob.values();
  for (let n = 0; n < blob.legacyAxis(0); n++) {
    writer.put(name, values.subarray(n * size, (n + 1) * size), shape);
  }
}
