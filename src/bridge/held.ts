import type { References } from "./references.ts";
import type { SharedArrays } from "./shared-arrays.ts";

/** What another program knows of, by numbers. */
interface Known {
  readonly references: References;
  readonly arrays: SharedArrays;
}

/** Something that another program holds, by all the numbers that were given out for its sake. */
export class Held {
  readonly numbers: number[] = [];
  /** What is to be done when nothing of it is held any more. */
  readonly close: () => void;

  constructor(close: () => void) {
    this.close = close;
  }
}

/** Gives up what the other program held by that number, with all that it knew of it, and closes it. */
export function giveUp({ references, arrays }: Known, number: number): void {
  const held = references.release(number);
  if (!(held instanceof Held)) return;
  for (const one of held.numbers) {
    if (references.release(one)) arrays.forgetBlob(one);
  }
  held.close();
}
