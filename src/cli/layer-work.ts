import type { Work } from "../engines/engine.ts";
import type { Net } from "../net/net.ts";
import { summarize } from "../net/tools/summary.ts";

type Direction = "forward" | "backward";

/** What one direction of a layer did, over all passes. */
interface Done {
  reorders: number;
  readonly ran: Set<string>;
}

/**
 * How each layer is computed, for `caffe time --verbose`: by which of the engine's algorithms, at which rate, and how
 * often data had to be moved into another layout for it.
 */
export class LayerWork {
  readonly #net: Net;
  readonly #done: { readonly [D in Direction]: Done[] };
  /** Multiplications and additions of one pass. */
  readonly #operations: { readonly [D in Direction]: readonly number[] };

  /** Watches the net's layers from now on. */
  constructor(net: Net) {
    this.#net = net;
    const empty = (): Done[] => net.layers.map(() => ({ reorders: 0, ran: new Set() }));
    this.#done = { forward: empty(), backward: empty() };
    const forward = summarize(net).map(({ macs }) => 2 * macs);
    // The gradient of the weights costs as much as forward, and that of the input once more.
    const backward = forward.map((operations, i) => {
      const inputs = net.bottomNeedsBackward[i]?.some(Boolean) ? 1 : 0;
      return net.layerNeedsBackward[i] ? operations * (1 + inputs) : 0;
    });
    this.#operations = { forward, backward };
    for (const direction of ["forward", "backward"] as const) this.#watch(direction);
  }

  #watch(direction: Direction): void {
    const { layers, beforeForward, afterForward, beforeBackward, afterBackward } = this.#net;
    const workOf = (i: number): Work | undefined => layers[i]?.engine.work;
    let before = 0;
    (direction === "forward" ? beforeForward : beforeBackward).push((i) => {
      const work = workOf(i);
      work?.ran.clear();
      before = work?.reorders ?? 0;
    });
    (direction === "forward" ? afterForward : afterBackward).push((i) => {
      const [work, done] = [workOf(i), this.#done[direction][i]];
      if (!work || !done) return;
      done.reorders += work.reorders - before;
      for (const name of work.ran) done.ran.add(name);
    });
  }

  /** What to say behind a layer's time: `12.3 GFLOP/s, jit:avx512_core, 1 reorder`. Empty where there is nothing. */
  text(i: number, direction: Direction, iterations: number, totalMs: number): string {
    const { reorders, ran } = this.#done[direction][i] as Done;
    const operations = this.#operations[direction][i] ?? 0;
    const parts = [...ran];
    if (operations > 0 && totalMs > 0) {
      parts.unshift(`${((operations * iterations) / totalMs / 1e6).toFixed(1)} GFLOP/s`);
    }
    if (reorders > 0) parts.push(countText(reorders / iterations));
    return parts.join(", ");
  }

  /** Reorders of one forward and backward pass, of all layers. */
  total(iterations: number): string {
    const { forward, backward } = this.#done;
    const sum = (list: readonly Done[]): number =>
      list.reduce((total, { reorders }) => total + reorders, 0) / iterations;
    return `Reorders between layouts in a pass: forward ${sum(forward)}, backward ${sum(backward)}.`;
  }
}

function countText(count: number): string {
  return `${Number(count.toFixed(2))} reorder${count === 1 ? "" : "s"}`;
}
