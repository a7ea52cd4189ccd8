import type { SyncedMem } from "../../syncedmem/synced-mem.ts";
import { numberText } from "../../util/log.ts";
import type { Workers } from "../workers.ts";
import { nextAction, type SolverAction } from "./callbacks.ts";

const ACTIONS = ["stop", "snapshot"] as const;
/** A worker is called slow where the others waited for it longer than this share of the time. */
const LONG = 0.1;

/** What the loops of several workers tell one another in every iteration. */
export class Meetings {
  readonly workers: Workers;
  /** Whether all workers have the same weights. */
  #isJoined = false;
  /** What was asked for of any worker, and all are to do. */
  readonly #agreed: Set<SolverAction> = new Set();
  /** What some worker wants learning rates to be multiplied by; undefined for no change. */
  #rateFactor: number | undefined;
  /** By worker: how long it had waited for the others, in all, at the last meeting and at the last display. */
  #waited: readonly number[] = [];
  #waitedBefore: readonly number[] = [];
  #sentBefore = { bytes: 0, onWayMs: 0, waitedMs: 0 };

  constructor(workers: Workers) {
    this.workers = workers;
  }

  /** Lets all workers begin from the arrays of the first. */
  async join(arrays: () => readonly SyncedMem[]): Promise<void> {
    if (this.#isJoined) return;
    await this.workers.follow(arrays());
    this.workers.gradients.restart();
    this.#isJoined = true;
  }

  /** From now on each has its own. */
  part(): void {
    this.workers.gradients.restart();
    this.#isJoined = false;
  }

  /**
   * Tells the others the loss of an iteration, and what this worker was asked for.
   * @param rateFactor what learning rates are to be multiplied by; undefined for no change
   * @returns the mean of all workers' losses
   */
  async meet(
    loss: number,
    asked: Set<SolverAction>,
    rateFactor: number | undefined,
  ): Promise<number> {
    const own = ACTIONS.map((action) => (asked.delete(action) ? 1 : 0));
    const all = await this.workers.meet([loss, this.workers.waitedMs, ...own, rateFactor ?? 0]);
    for (const [i, action] of ACTIONS.entries()) {
      if (all.some((told) => told[i + 2] === 1)) this.#agreed.add(action);
    }
    // Of several wishes that of the lowest rank holds, on every worker.
    const factor = all.map((told) => told[ACTIONS.length + 2] ?? 0).find((told) => told !== 0);
    this.#rateFactor = factor ?? this.#rateFactor;
    this.#waited = all.map(([, waited = 0]) => waited);
    return all.reduce((sum, [one = 0]) => sum + one, 0) / all.length;
  }

  /** Tells the others, between two iterations, what this worker was asked for. */
  async ask(asked: Set<SolverAction>): Promise<void> {
    const own = [...asked];
    asked.clear();
    for (const action of (await this.workers.share(own)).flat()) this.#agreed.add(action);
  }

  /** What is to be done before the next iteration, as all workers know. */
  nextAction(): SolverAction | undefined {
    return nextAction(this.#agreed);
  }

  /** What all are to multiply learning rates by from the next iteration on; undefined for no change. */
  takeRateFactor(): number | undefined {
    const factor = this.#rateFactor;
    this.#rateFactor = undefined;
    return factor;
  }

  /** In words, what gradients this worker has sent in so many iterations, since this was last asked. */
  sent(iterations: number): string {
    const { bytes, onWayMs, waitedMs } = this.workers.gradients;
    const before = this.#sentBefore;
    this.#sentBefore = { bytes, onWayMs, waitedMs };
    const megabytes = (bytes - before.bytes) / 2 ** 20 / Math.max(1, iterations);
    const [onWay, waited] = [onWayMs - before.onWayMs, waitedMs - before.waitedMs];
    const hidden = onWay > 0 ? Math.max(0, Math.round(100 * (1 - waited / onWay))) : 100;
    return `each sends ${numberText(megabytes)} MiB of gradients an iteration, and computes during ${hidden} % of their way`;
  }

  /**
   * In words, which worker the others have waited for since this was last asked, so many seconds ago; undefined where it was
   * not long. Who is waited for does not wait itself; what all wait for is the network's.
   */
  slowest(seconds: number): string | undefined {
    const waits = this.#waited.map((ms, rank) => (ms - (this.#waitedBefore[rank] ?? 0)) / 1000);
    this.#waitedBefore = this.#waited;
    const least = Math.min(...waits);
    const rank = waits.indexOf(least);
    const others = waits.filter((_, other) => other !== rank);
    const lost = others.reduce((sum, wait) => sum + wait - least, 0) / Math.max(1, others.length);
    if (!(lost > LONG * seconds)) return undefined;
    // Snapshots and tests are no part of those seconds, and may be waited for, too.
    const share = Math.min(100, Math.round((100 * lost) / seconds));
    return `${this.workers.nameOf(rank)} is slow: the others waited ${numberText(lost)} s for it, ${share} % of the time since the last display.`;
  }
}
