import type { SolverParameter } from "../../io/proto/caffe.ts";
import type { SolverMemory } from "../../io/weights/run-state.ts";
import type { Net } from "../../net/net.ts";
import { lossWeightOf } from "../../net/run/outputs.ts";
import { SolverError } from "../../util/errors.ts";
import { type Log, numberText } from "../../util/log.ts";
import { nearestText } from "../../util/nearest.ts";
import { BestValue } from "./best-value.ts";

/** What stands for the smoothed training loss where a score is named. */
const TRAIN_LOSS = "train_loss";

/** A number of a run by which its best is told. */
export interface WatchedScore {
  /** Of an output of a test net; `train_loss` is the smoothed training loss. */
  readonly name: string;
  /** -1 for the training loss. */
  readonly testNet: number;
  /** What is better. */
  readonly mode: "max" | "min";
  /** Undefined before the first. */
  readonly best: number | undefined;
  /** The iteration of the best. */
  readonly bestIter: number;
}

/** A number of a run, by its name among a test net's outputs. */
interface Score {
  readonly name: string;
  /** -1 for the training loss. */
  readonly testNet: number;
  readonly isLoss: boolean;
}

const trainLoss: Score = { name: TRAIN_LOSS, testNet: -1, isLoss: true };

/**
 * Watches one number of a run, its score: an output of a test net, or the smoothed training loss. By it the best snapshot
 * is kept and training ends early. A plateau is found by it where `monitor` is given, else by the training loss.
 *
 * - `monitor`: name of a test output (`accuracy`, or `scores[2]` for one of several elements) or `train_loss`. By default
 *   the first output of the first test net that is no loss, or its first output, or, without test nets, `train_loss`
 * - `monitor_mode`: "max" where more is better, "min" where less is. By default "min" for a loss, else "max"
 * - `min_delta`: a change of no more than this is no improvement; default 0
 * - `early_stop`: training ends when the score has not improved for so many iterations; 0 (default) for never
 */
export class ScoreWatch {
  readonly #score: Score;
  readonly #best: BestValue;
  readonly #watched: Score;
  readonly #plateau: BestValue;
  readonly #earlyStop: number;
  readonly #mode: string | undefined;
  readonly #log: Log;
  /** Whether the loss of every iteration is needed: for a plateau, or for early stopping. */
  readonly readsLoss: boolean;

  /** @throws SolverError where no test net has an output of that name, or the best is to be kept and there is no test */
  constructor(param: SolverParameter, testNets: readonly Net[], where: string, log: Log) {
    this.#log = log;
    this.#score = scoreOf(param.monitor, testNets, where);
    this.#watched = param.monitor === undefined ? trainLoss : this.#score;
    const best = ({ isLoss }: Score): BestValue =>
      new BestValue(
        (param.monitor_mode ?? (isLoss ? "min" : "max")) as "min" | "max",
        param.min_delta,
      );
    this.#best = best(this.#score);
    this.#plateau = best(this.#watched);
    this.#earlyStop = param.early_stop ?? 0;
    this.#mode = param.monitor_mode;
    this.readsLoss =
      (param.lr_policy === "plateau" && this.#watched === trainLoss) ||
      (this.#earlyStop > 0 && this.#score === trainLoss);
    if (param.keep_best && this.#score === trainLoss) {
      throw new SolverError(
        `${where}: keep_best is true, and what is watched is no output of a test net. Expected a test net, or a monitor that names one's output.`,
      );
    }
  }

  /** A watch for another parameter. It goes on from the best so far where it watches the same score. */
  goingOn(param: SolverParameter, testNets: readonly Net[], where: string): ScoreWatch {
    const next = new ScoreWatch(param, testNets, where, this.#log);
    const isOf = (a: Score, b: Score): boolean => a.name === b.name && a.testNet === b.testNet;
    if (next.#mode !== this.#mode) return next;
    if (isOf(next.#score, this.#score)) next.#best.restore(this.#best.state());
    if (isOf(next.#watched, this.#watched)) next.#plateau.restore(this.#plateau.state());
    return next;
  }

  /** The score, and its best so far. */
  get watched(): WatchedScore {
    const { name, testNet } = this.#score;
    const { mode, value, iter } = this.#best;
    return { name, testNet, mode, best: value, bestIter: iter };
  }

  /** The iteration in which the value by which a plateau is found has last improved. */
  get improvedAt(): number {
    return this.#plateau.iter;
  }

  /** The least smoothed loss so far, and its iteration, where a plateau is found by it. */
  get leastLoss(): { readonly value: number; readonly iter: number } | undefined {
    const isLeast = this.#watched === trainLoss && this.#plateau.mode === "min";
    return isLeast ? this.#plateau.state() : undefined;
  }

  set leastLoss(least: { readonly value: number; readonly iter: number } | undefined) {
    if (this.#watched === trainLoss) this.#plateau.restore(least);
  }

  /** Takes in the smoothed training loss. */
  offerLoss(loss: number, iter: number): void {
    if (this.#score === trainLoss) this.#best.offer(loss, iter);
    if (this.#watched === trainLoss) this.#plateau.offer(loss, iter);
  }

  /** Takes in the scores of a test; returns whether the watched one is the best so far. */
  offerTest(net: number, scores: ReadonlyMap<string, number>, iter: number): boolean {
    const score = net === this.#score.testNet ? scores.get(this.#score.name) : undefined;
    if (score === undefined) return false;
    if (this.#watched !== trainLoss) this.#plateau.offer(score, iter);
    return this.#best.offer(score, iter);
  }

  /** Whether the score has not improved for too long before an iteration; says so. */
  isStalled(iter: number): boolean {
    const { value, iter: since } = this.#best;
    if (this.#earlyStop === 0 || value === undefined || iter - since < this.#earlyStop)
      return false;
    this.#log(
      "info",
      "solver",
      `Early stopping: ${this.#score.name} has not improved on ${numberText(value)} since iteration ${since}.`,
    );
    return true;
  }

  state(): Pick<SolverMemory, "best" | "plateau"> {
    const [best, plateau] = [this.#best.state(), this.#plateau.state()];
    return { ...(best && { best }), ...(plateau && { plateau }) };
  }

  restore({ best, plateau }: Pick<SolverMemory, "best" | "plateau">): void {
    this.#best.restore(best);
    this.#plateau.restore(plateau);
  }
}

function scoreOf(monitor: string | undefined, testNets: readonly Net[], where: string): Score {
  const outputs = testNets.flatMap((net, testNet) =>
    net.outputs.map((name) => ({ name, testNet, isLoss: lossWeightOf(net, name) !== 0 })),
  );
  if (monitor === undefined) {
    const first = outputs.filter(({ testNet }) => testNet === 0);
    return first.find(({ isLoss }) => !isLoss) ?? first[0] ?? trainLoss;
  }
  if (monitor === TRAIN_LOSS) return trainLoss;
  const found = outputs.find(({ name }) => name === monitor.replace(/\[\d+\]$/, ""));
  if (found) return { ...found, name: monitor };
  const known = [...new Set(outputs.map(({ name }) => name)), TRAIN_LOSS];
  throw new SolverError(
    `${where}: monitor is "${monitor}", and no test net has an output of that name.${nearestText(monitor, known)} Expected one of ${known.join(", ")}.`,
  );
}
