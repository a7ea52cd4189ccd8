import type { UpdateRule } from "./update-rule.ts";

/**
 * Stochastic gradient descent with momentum.
 *
 *     v ← μ·v + η·g
 *     w ← w − v
 *
 * η is lr · lr_mult, μ is `momentum` (default 0), g the gradient after clipping, normalisation and decay.
 *
 * @see Rumelhart, Hinton & Williams, Nature 1986; Caffe's SGDSolver (Caffe keeps the rate inside v)
 */
export const sgd: UpdateRule = {
  type: "SGD",
  historyPerParam: 1,
  update(engine, { momentum = 0 }, blob, [v], step) {
    if (v) engine.sgd(blob.count(), { ...step, momentum }, blob.data, blob.diff, v.data);
  },
};
