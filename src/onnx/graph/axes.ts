import type { Shape } from "../../util/shape.ts";

/** What of a net's inputs may change from run to run, by its name: `batch`, `height`. */
export type Freedom = string;

/** An axis whose length is only known as the net runs. Two of one symbol are equally long. */
export interface FreeAxis {
  readonly symbol: string;
  /** What its length depends on. */
  readonly freedoms: readonly Freedom[];
}

/** The length of an axis, or what stands for it. */
export type Axis = number | FreeAxis;

/** A translation that needs to know the length of an axis that is free: the export goes on without that freedom. */
export class FreeAxisError extends Error {
  readonly freedoms: readonly Freedom[];

  constructor({ symbol, freedoms }: FreeAxis) {
    super(`the length of an axis, ${symbol}, has to be known`);
    this.freedoms = freedoms;
  }
}

/**
 * The length of an axis that has to be known.
 * @throws FreeAxisError where it is free
 */
export function fixed(axis: Axis): number {
  if (typeof axis === "number") return axis;
  throw new FreeAxisError(axis);
}

/** The product of lengths that have to be known; throws as `fixed`. */
export function fixedCount(axes: readonly Axis[]): number {
  return axes.reduce<number>((product, axis) => product * fixed(axis), 1);
}

/** An array on its way through the graph: the name of the value, and its axes. */
export class Operand {
  readonly value: string;
  readonly axes: readonly Axis[];
  /** As it is now, free or not. */
  readonly shape: Shape;

  constructor(value: string, axes: readonly Axis[], shape: Shape) {
    this.value = value;
    this.axes = axes;
    this.shape = shape;
  }

  get rank(): number {
    return this.axes.length;
  }

  /** The length of that axis; throws as `fixed`. */
  length(axis: number): number {
    return fixed(this.axes[axis] as Axis);
  }

  /** The axis that an index names, negative ones counted from the end. */
  axis(index: number): number {
    return index < 0 ? index + this.rank : index;
  }
}
