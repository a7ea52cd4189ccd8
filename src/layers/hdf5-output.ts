import type { Blob } from "../blob/blob.ts";
import type { Primitive } from "../engines/engine.ts";
import { writeHdf5 } from "../io/hdf5.ts";
import type { Hdf5Array } from "../io/hdf5-tree.ts";
import { arity, Layer, type None, type Two } from "./base/layer.ts";

/**
 * Writes its bottoms to an HDF5 file, as datasets `data` and `label`, N×C×H×W.
 *
 * - bottom[0], bottom[1]: equal N, four axes at most
 * - `hdf5_output_param.file_name`
 *
 * Rows of every forward pass follow those of the pass before; the file is written when the net is closed, and
 * whenever the rows have doubled, so that little is lost if that never comes. Caffe's own layer crashes in its
 * second pass.
 *
 * @see Caffe's HDF5OutputLayer
 */
export class HDF5OutputLayer extends Layer<Two, None> {
  static override readonly type: string = "HDF5Output";
  static override readonly needs: readonly Primitive[] = ["host"];
  static override readonly bottoms = arity.two;
  static override readonly tops = arity.none;

  #path = "";
  readonly #batches: { data: Hdf5Array; label: Hdf5Array }[] = [];
  #written = 0;

  override setUp(): void {
    const name = this.param.hdf5_output_param?.file_name;
    if (!name) this.fail("hdf5_output_param has no file_name. Expected the file to write.");
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

  override forward([data, label]: Two): void {
    this.#batches.push({ data: rowsOf(data), label: rowsOf(label) });
    if (this.#batches.length >= 2 * this.#written) this.#write();
  }

  override backward(_top: None, propagateDown: readonly boolean[], bottom: Two): void {
    bottom.forEach((x, i) => {
      if (propagateDown[i]) x.diffMem.zero();
    });
  }

  override close(): void {
    if (this.#batches.length > this.#written) this.#write();
  }

  #write(): void {
    this.context.log(`Saving HDF5 file ${this.#path}`);
    const data = joined(this.#batches.map((batch) => batch.data));
    const label = joined(this.#batches.map((batch) => batch.label));
    this.named(() => writeHdf5(this.#path, { data, label }));
    this.#written = this.#batches.length;
    this.context.log(`Successfully saved ${data.shape[0]} rows`);
  }
}

function rowsOf(blob: Blob): Hdf5Array {
  const axes = [0, 1, 2, 3] as const;
  return { shape: axes.map((axis) => blob.legacyAxis(axis)), data: blob.values().slice() };
}

/** Arrays below each other. */
function joined(parts: readonly Hdf5Array[]): Hdf5Array {
  const [first] = parts as readonly [Hdf5Array];
  const rows = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
  const count = parts.reduce((sum, { data }) => sum + data.length, 0);
  const data =
    first.data instanceof Float64Array ? new Float64Array(count) : new Float32Array(count);
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { shape: [rows, ...first.shape.slice(1)], data };
}
