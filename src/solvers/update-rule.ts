import type { Blob } from "../blob/blob.ts";
import type { Engine } from "../engines/engine.ts";
import type { SolverParameter } from "../io/proto/caffe.ts";

/** The numbers of one update of one parameter. */
export interface UpdateStep {
  /** lr · lr_mult. */
  readonly rate: number;
  /** Factor on the gradient before decay is added: clipping and 1/iter_size. */
  readonly gradientScale: number;
  /** weight_decay · decay_mult. */
  readonly decay: number;
  readonly regularization: "L1" | "L2";
}

/**
 * How a parameter changes by its gradient: a function of (parameter, gradient, history), one pass over memory.
 */
export interface UpdateRule {
  /** The `type` a solver prototxt names it by. */
  readonly type: string;
  /** How many history blobs it keeps for each parameter. */
  readonly historyPerParam: number;
  /**
   * Updates `blob.data` and its histories in place.
   * @param iter updates done before this one
   */
  update(
    engine: Engine,
    param: SolverParameter,
    blob: Blob,
    history: readonly Blob[],
    step: UpdateStep,
    iter: number,
  ): void;
}
