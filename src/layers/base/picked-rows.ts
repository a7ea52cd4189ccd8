import { Blob } from "../../blob/blob.ts";
import type { GatherOp, Primitive } from "../../engines/engine.ts";
import { type Shape, sameShape, shapeText } from "../../util/shape.ts";
import { Layer, type One } from "./layer.ts";

/** An array seen as `rows` rows, and which of them the top has at each of its own. */
export interface Picks {
  readonly rows: number;
  readonly from: (row: number) => number;
}

/** A layer whose top has its bottom's shape and rows, in another order: each row once. */
export abstract class PickedRowsLayer extends Layer<One, One> {
  static override readonly needs: readonly Primitive[] = ["gather"];

  readonly #from: Blob = new Blob([0], this.context.dtype);
  #shape: Shape | undefined;
  #op!: GatherOp;

  /** How rows lie in a shape: asked when it is a new one. */
  protected abstract picksOf(shape: Shape): Picks;

  override reshape([x]: One, [y]: One): void {
    y.reshape(x.shape);
    if (this.#shape && sameShape(this.#shape, x.shape)) return;
    const { rows, from } = this.picksOf(x.shape);
    if (rows > MOST_ROWS) {
      this.fail(
        `bottom has shape ${shapeText(x.shape)}: ${rows} rows to pick. Expected ${MOST_ROWS} or fewer, for rows are told by floats.`,
      );
    }
    this.#from.reshape([rows]);
    const numbers = this.#from.dataMem.overwriteCpu();
    for (let row = 0; row < rows; row++) numbers[row] = from(row);
    this.#op = this.engine.gather({
      rows,
      size: rows === 0 ? 0 : x.count() / rows,
      picks: rows,
    });
    this.#shape = x.shape;
  }

  override forward([x]: One, [y]: One): void {
    this.#op.forward(x.dataMem, this.#from.dataMem, y.dataMem);
  }

  override backward([y]: One, [propagate]: readonly boolean[], [x]: One): void {
    if (!propagate) return;
    x.diffMem.zero();
    this.#op.backward(y.diffMem, this.#from.dataMem, x.diffMem);
  }
}

/** A float32 tells whole numbers up to here from one another. */
const MOST_ROWS = 2 ** 24;
