import { FormatError } from "../../util/errors.ts";
import { sameShape, shapeText } from "../../util/shape.ts";
import { Hdf5Rows, type RowOrder } from "./hdf5-rows.ts";
import { type BasePlan, type BatchLoader, type Place, recordNumber } from "./loader.ts";

/** Rows of datasets in HDF5 files. */
export interface Hdf5Plan extends BasePlan, RowOrder {
  readonly kind: "hdf5";
}

/** Makes batches of rows; one may run from one file into the next. */
export class Hdf5Loader implements BatchLoader {
  readonly #plan: Hdf5Plan;
  readonly #rows: Hdf5Rows;

  constructor(plan: Hdf5Plan) {
    this.#plan = plan;
    this.#rows = new Hdf5Rows(plan);
  }

  load(batch: number, place: Place): boolean {
    const { batchSize, names, source } = this.#plan;
    this.#rows.seek(recordNumber(this.#plan, batch, 0));
    const shapes = names.map((_, top) => this.#rows.rowShape(top));
    const tops = shapes.map((shape, top) => place(top, [batchSize, ...shape]));
    for (let i = 0; i < batchSize; i++) {
      this.#rows.seek(recordNumber(this.#plan, batch, i));
      for (const [top, values] of tops.entries()) {
        const [own, shape] = [this.#rows.rowShape(top), shapes[top] ?? []];
        if (!sameShape(own, shape)) {
          throw new FormatError(
            `${source}: dataset "${names[top]}" has rows of shape ${shapeText(own)} in one file and ${shapeText(shape)} in another. Expected one shape.`,
          );
        }
        this.#rows.copyRow(top, values, i * (values.length / batchSize));
      }
    }
    // Caffe says nothing where it begins anew.
    return false;
  }

  close(): void {}
}
