import { removeFrom } from "../../util/arrays.ts";
import type { Net } from "../net.ts";

/** Milliseconds of each layer, summed over all passes. A layer that is fused into another takes no time of its own. */
export class LayerTimer {
  readonly forward: number[] = [];
  readonly backward: number[] = [];
  readonly #hooks: readonly (readonly [hooks: Net["afterForward"], hook: (i: number) => void])[];

  /** Times the net's layers from now on. */
  constructor(net: Net) {
    let since = 0;
    const begin = (): void => {
      since = performance.now();
    };
    const end = (sums: number[]) => (i: number) => {
      sums[i] = (sums[i] ?? 0) + performance.now() - since;
    };
    this.#hooks = [
      [net.beforeForward, begin],
      [net.afterForward, end(this.forward)],
      [net.beforeBackward, begin],
      [net.afterBackward, end(this.backward)],
    ];
    for (const [hooks, hook] of this.#hooks) hooks.push(hook);
  }

  /** Times them no longer. */
  stop(): void {
    for (const [hooks, hook] of this.#hooks) removeFrom(hooks, hook);
  }
}
