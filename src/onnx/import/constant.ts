import type { FloatArray } from "../../util/arrays.ts";
import { countOf, type Shape } from "../../util/shape.ts";

/** What the elements of a constant are; whole numbers and truths are kept as numbers. */
export type ElementKind = "float" | "int" | "bool";

/** An array that is known before the graph runs. Its elements are read when they are asked for first. */
export class Constant {
  readonly kind: ElementKind;
  readonly dims: Shape;
  #values: FloatArray | (() => FloatArray);

  constructor(kind: ElementKind, dims: Shape, values: FloatArray | (() => FloatArray)) {
    this.kind = kind;
    this.dims = dims;
    this.#values = values;
  }

  get values(): FloatArray {
    if (typeof this.#values === "function") this.#values = this.#values();
    return this.#values;
  }

  get count(): number {
    return countOf(this.dims);
  }

  /** The same elements under another shape. */
  reshaped(dims: Shape): Constant {
    return new Constant(this.kind, dims, () => this.values);
  }
}
