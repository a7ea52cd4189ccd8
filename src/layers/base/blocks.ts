import { Blob } from "../../blob/blob.ts";
import type { CopyOp, Engine } from "../../engines/engine.ts";
import type { DType } from "../../util/arrays.ts";
import { countOf, type Shape } from "../../util/shape.ts";

/** A small array within a larger one of zeros, and that dealt out to the batch: blocks of space as TensorFlow has them. */
export class SpaceAsBatch {
  readonly #cut: CopyOp;
  readonly #deal: CopyOp;
  /** The space between: padded, and not yet dealt out. */
  readonly #whole: Blob;

  /**
   * @param space of the array, batch first
   * @param block how many go to the batch, along the axes behind it
   * @param before how much is padded in front of each of these, and `after` behind
   */
  constructor(
    engine: Engine,
    dtype: DType,
    space: Shape,
    block: Shape,
    before: Shape,
    after: Shape,
  ) {
    const whole = space.map(
      (length, axis) => length + (before[axis - 1] ?? 0) + (after[axis - 1] ?? 0),
    );
    this.#whole = new Blob(whole, dtype);
    this.#cut = engine.crop({
      shape: whole,
      offset: space.map((_, axis) => (axis === 0 ? 0 : (before[axis - 1] ?? 0))),
      size: space,
    });
    const split = [whole[0]!, ...block.flatMap((b, i) => [whole[i + 1]! / b, b])];
    const rest = whole.slice(block.length + 1);
    const ofBlock = block.map((_, i) => 2 * i + 2);
    const ofSpace = block.map((_, i) => 2 * i + 1);
    const behind = rest.map((_, i) => split.length + i);
    this.#deal = engine.permute({
      shape: [...split, ...rest],
      order: [...ofBlock, 0, ...ofSpace, ...behind],
    });
  }

  /** Space to batch: of data, or of a gradient on its way back from the other layer. */
  toBatch(space: Blob["dataMem"], batch: Blob["dataMem"]): void {
    this.#cut.backward(space, this.#whole.dataMem);
    this.#deal.forward(this.#whole.dataMem, batch);
  }

  toSpace(batch: Blob["dataMem"], space: Blob["dataMem"]): void {
    this.#deal.backward(batch, this.#whole.dataMem);
    this.#cut.forward(this.#whole.dataMem, space);
  }
}

/** The batch's shape for a padded space. */
export function batchOf(whole: Shape, block: Shape): Shape {
  return [
    whole[0]! * countOf(block),
    ...block.map((b, i) => whole[i + 1]! / b),
    ...whole.slice(block.length + 1),
  ];
}
