import type { Solver, SolverCallbacks } from "../../solvers/solver.ts";
import { removeFrom } from "../../util/arrays.ts";
import { Allowance } from "./allowance.ts";
import { type Look, looks, type Told } from "./looks.ts";
import { type Tested, TestWatch } from "./test-watch.ts";

/** What can be asked of a run between two iterations. */
export type Question = keyof Told;

/** What was asked for, as it was at an iteration. */
export interface LiveAnswer<Kind extends Question = Question> {
  readonly iter: number;
  readonly told: Told[Kind];
  /** Milliseconds that training was held up. */
  readonly spentMs: number;
}

interface Waiting {
  readonly look: () => Look<Told[Question]>;
  readonly resolve: (answer: LiveAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A run that trains in this process, for who looks at it. It is a guest of the solver only while something is asked: one look
 * after the other begins between two iterations, as far as the allowance goes. No look changes what training does.
 */
export class LiveRun {
  readonly #solver: Solver;
  readonly #waiting: Waiting[] = [];
  readonly #allowance: Allowance;
  readonly #tests: TestWatch;
  readonly #guest: SolverCallbacks;
  #running:
    | { readonly asked: Waiting; readonly look: Look<Told[Question]>; left: number }
    | undefined;
  #hasEnded = false;

  constructor(solver: Solver, allowance: Allowance = new Allowance()) {
    this.#solver = solver;
    this.#allowance = allowance;
    this.#tests = new TestWatch(solver);
    this.#guest = {
      readsLoss: false,
      onStart: () => this.#begin(),
      onIteration: () => this.#finish(),
    };
  }

  /**
   * Asks, and waits for the iterations that it takes. Once training has ended what is left of it answers at once.
   * @throws what looking throws
   */
  ask<Kind extends Question>(kind: Kind): Promise<LiveAnswer<Kind>> {
    const { net, param, callbacks } = this.#solver;
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        look: () => looks[kind](net, param.iter_size ?? 1),
        resolve: resolve as Waiting["resolve"],
        reject,
      });
      if (this.#hasEnded) void this.end();
      else if (!callbacks.includes(this.#guest)) callbacks.push(this.#guest);
    });
  }

  /** What tests behind number `known` have told that were watched; they are from now on, for a while. */
  tested(known: number): Tested {
    return this.#tests.ask(known);
  }

  /** Lets the solver write a snapshot, or write one and stop, before its next iteration. */
  request(action: "snapshot" | "stop"): void {
    this.#solver.request(action);
  }

  /** As `Solver.scaleRate`. */
  scaleRate(factor: number): void {
    this.#solver.scaleRate(factor);
  }

  /** Training has ended: what waits is answered by what is left. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    this.#leave();
    await this.#running?.look.end().catch(() => undefined);
    if (this.#running) this.#waiting.unshift(this.#running.asked);
    this.#running = undefined;
    for (const asked of this.#waiting.splice(0)) await this.#answer(asked, asked.look);
  }

  /** An iteration is to begin: the next look may. */
  #begin(): void {
    if (this.#running || !this.#allowance.isThere) return;
    const asked = this.#waiting.shift();
    if (!asked) {
      this.#leave();
      return;
    }
    try {
      const look = asked.look();
      look.begin();
      this.#running = { asked, look, left: look.iterations };
    } catch (error) {
      asked.reject(error);
    }
  }

  async #finish(): Promise<void> {
    const running = this.#running;
    if (!running || --running.left > 0) return;
    this.#running = undefined;
    const { look, asked } = running;
    await this.#answer(asked, () => look);
    this.#allowance.spend(look.spentMs);
    if (this.#waiting.length === 0) this.#leave();
  }

  async #answer({ resolve, reject }: Waiting, made: () => Look<Told[Question]>): Promise<void> {
    try {
      const look = made();
      const told = await look.end();
      resolve({ iter: this.#solver.iter, told, spentMs: look.spentMs });
    } catch (error) {
      reject(error);
    }
  }

  #leave(): void {
    removeFrom(this.#solver.callbacks, this.#guest);
  }
}
