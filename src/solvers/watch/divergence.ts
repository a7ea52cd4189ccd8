import type { Blob } from "../../blob/blob.ts";
import type { SolverParameter } from "../../io/proto/caffe.ts";
import type { Net } from "../../net/net.ts";
import { DivergenceError } from "../../util/errors.ts";
import { numberText } from "../../util/log.ts";

/** This many losses in a row must be too large before training counts as exploded. */
const IN_A_ROW = 20;
/** −log of the smallest number that a probability is taken for: what SoftmaxWithLoss gives where every one is 0. */
const NO_PROBABILITY = -Math.log(2 ** -126);

/**
 * Sees that training has diverged, and says in which layer: the loss is no number, or infinite, or a weight is after its
 * update (not on a GPU, which would have to be waited for; there in a snapshot), or the loss has exploded. Then
 * the run is lost, and a snapshot would only replace a good one.
 *
 * A loss has exploded when 20 in a row lie above `explode_factor` (default 20; 0 for never) times the first loss of the
 * run, or times 1 if that is less. `nan: "ignore"` goes on whatever happens, as Caffe does.
 */
export class DivergenceWatch {
  /** The first loss of the run; undefined before it. */
  firstLoss: number | undefined;
  readonly #isOff: boolean;
  readonly #factor: number;
  #tooLarge = 0;

  constructor({ nan = "stop", explode_factor = 20 }: SolverParameter) {
    this.#isOff = nan === "ignore";
    this.#factor = explode_factor;
  }

  /** A watch for another parameter, in the same run. */
  goingOn(param: SolverParameter): DivergenceWatch {
    const next = new DivergenceWatch(param);
    next.firstLoss = this.firstLoss;
    next.#tooLarge = this.#tooLarge;
    return next;
  }

  /**
   * Takes in the loss of an iteration whose forward passes are done and whose update is not. On a GPU these are the iterations
   * whose loss is read.
   * @throws DivergenceError
   */
  async check(loss: number, iter: number, net: Net): Promise<void> {
    const problem = this.look(loss, iter);
    if (problem !== undefined) await this.stop(problem, net);
  }

  /** Takes in the loss of an iteration as `check` does; returns what is wrong with it. */
  look(loss: number, iter: number): string | undefined {
    if (this.#isOff) return undefined;
    if (!Number.isFinite(loss)) return `Iteration ${iter}: the loss is ${numberText(loss)}`;
    this.firstLoss ??= loss;
    const limit = this.#factor * Math.max(1, Math.abs(this.firstLoss));
    this.#tooLarge = this.#factor > 0 && Math.abs(loss) > limit ? this.#tooLarge + 1 : 0;
    if (this.#tooLarge < IN_A_ROW) return undefined;
    const hint =
      Math.abs(loss - NO_PROBABILITY) < 1e-3 ? ": the probability of every label is 0" : "";
    return `Iteration ${iter}: the loss is ${numberText(loss)}${hint}; it has been above ${numberText(limit)} for ${IN_A_ROW} iterations, and began at ${numberText(this.firstLoss)}`;
  }

  /**
   * Ends training for what `look` has found, and says in which layer it is.
   * @throws DivergenceError
   */
  async stop(problem: string, net: Net): Promise<never> {
    await net.toHost();
    return this.#stop(problem, net);
  }

  /**
   * Makes sure that weights are numbers before they are written to a snapshot.
   * @throws DivergenceError
   */
  checkWeights(iter: number, net: Net): void {
    if (this.#isOff || net.learnableParams.every(({ blob }) => allFinite(blob.values()))) return;
    this.#stop(`Iteration ${iter}: a weight is no number after the update`, net);
  }

  #stop(problem: string, net: Net): never {
    throw new DivergenceError(
      `${problem}. ${culprit(net)} Training stops here; snapshots are kept, but one of this very iteration may be spoilt. Expected a finite loss: lower base_lr, warm up (warmup_iter), clip (clip_gradients), or look at the data; --nan=ignore goes on regardless.${net.gradientScale === 1 ? "" : ` Gradients are multiplied by global_grad_scale (${numberText(net.gradientScale)}), and none may be beyond 65504 then: if they are, lower it.`}`,
    );
  }
}

/** In words, the first layer of the net in which something is no finite number, or else the largest. */
function culprit(net: Net): string {
  let largest = { layer: "", blob: "", size: 0 };
  for (const [i, layer] of net.layers.entries()) {
    const name = `Layer "${net.layerNames[i]}" (${layer.param.type})`;
    const param = layer.blobs.findIndex((blob) => !allFinite(blob.values()));
    if (param >= 0) {
      return `${name} is the first with a weight that is no number (param ${param}): an update was too large.`;
    }
    for (const top of net.topBlobs[i] ?? []) {
      const blob = [...net.blobs].find(([, one]) => one === top)?.[0] ?? "(automatic)";
      if (!allFinite(top.values())) {
        return `${name} is the first whose output is no finite number (blob "${blob}"), while its weights are.`;
      }
      const size = magnitude(top);
      if (size > largest.size) largest = { layer: name, blob, size };
    }
  }
  return `${largest.layer} has the largest output (blob "${largest.blob}", up to ${numberText(largest.size)}).`;
}

function allFinite(values: ArrayLike<number>): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false;
  return true;
}

function magnitude(blob: Blob): number {
  let size = 0;
  for (const value of blob.values()) size = Math.max(size, Math.abs(value));
  return size;
}
