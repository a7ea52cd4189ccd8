import type { Random } from "../../util/random.ts";
import type { LayerState } from "./layer.ts";

/** A layer's random stream with what a snapshot carries of it. */
export class RandomStream {
  readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  /** Takes `most` of the items, drawn by chance and in the order of the draw; all as they are where there are no more. */
  sample<T>(items: readonly T[], most: number): T[] {
    if (items.length <= most) return [...items];
    const pool = [...items];
    for (let i = 0; i < most; i++) {
      const other = i + this.random.below(pool.length - i);
      [pool[i], pool[other]] = [pool[other]!, pool[i]!];
    }
    return pool.slice(0, most);
  }

  /** As `Layer.state` gives it. */
  state(): LayerState {
    return { random: this.random.state() };
  }

  /** Goes on from what `state` gave. */
  restore(state: LayerState): void {
    this.random.restore(state["random"] as readonly number[]);
  }
}
