import type { LayerCallback } from "./layer-runner.ts";
import type { Loss } from "./loss.ts";

/** What runs the passes of a net whose turn it is: `Net.inTurn` hands it out. */
export interface NetTurn {
  /** Runs layers [from, to], all by default, each reshaped first, and adds their part of the objective to `loss`. */
  forward(loss: Loss, from?: number, to?: number): Promise<void>;
  /**
   * Runs layers `from` back to `to`, all by default.
   * @param onComplete told of each layer as soon as the gradients of its parameters are there
   */
  backward(from?: number, to?: number, onComplete?: LayerCallback): Promise<void>;
  /** Lets every source pass over a batch, which another worker takes. */
  skip(): Promise<void>;
  /** Lets others have turns while `work` runs, and goes on when they have ended. */
  aside<T>(work: () => T | Promise<T>): Promise<T>;
}
