import type { Session } from "./session.ts";

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
export function giveUp(session: Session, number: number): void {
  const held = session.references.release(number);
  if (!(held instanceof Held)) return;
  for (const one of held.numbers) {
    if (session.references.release(one)) session.arrays.forgetBlob(one);
  }
  held.close();
}
