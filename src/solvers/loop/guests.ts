import { SolverError } from "../../util/errors.ts";
import type { Turns } from "../../util/turns.ts";
import type { CallbacksOf } from "./callbacks.ts";

/** The guests of a solver's loop. The loop waits for each of them; their own calls of the solver do not wait for the loop. */
export class Guests<Solver> {
  /** May change at any time, also while guests are told. */
  readonly all: CallbacksOf<Solver>[] = [];
  readonly #solver: Solver;
  readonly #turns: Turns;
  #areLooking = false;

  constructor(solver: Solver, turns: Turns) {
    this.#solver = solver;
    this.#turns = turns;
  }

  /** Whether a guest wants the loss of every iteration, though a device has to be waited for. */
  get wantLoss(): boolean {
    return this.all.some(({ onIteration, readsLoss = true }) => onIteration && readsLoss);
  }

  /** Whether a guest wants to see gradients: all of them are to be there before an update. */
  get wantGradients(): boolean {
    return this.all.some(({ onGradientsReady }) => onGradientsReady);
  }

  /** Tells those there are now, one after the other. */
  async tell(one: (guest: CallbacksOf<Solver>) => void | Promise<void>): Promise<void> {
    const guests = [...this.all];
    if (guests.length === 0) return;
    await this.#turns.aside(async () => {
      for (const guest of guests) await one(guest);
    });
  }

  /** Shows the gradients of an iteration, before its update. */
  async showGradients(): Promise<void> {
    this.#areLooking = true;
    try {
      await this.tell((guest) => guest.onGradientsReady?.(this.#solver));
    } finally {
      this.#areLooking = false;
    }
  }

  /** @throws SolverError where gradients are being looked at: another iteration would overwrite them */
  checkNoneLooks(): void {
    if (!this.#areLooking) return;
    throw new SolverError(
      "an iteration waits for its update: a guest looks at its gradients (onGradientsReady). Expected the next iteration to be asked for after that.",
    );
  }
}
