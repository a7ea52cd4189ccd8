import type { SolverAction } from "../solvers/callbacks.ts";
import type { Log } from "../util/log.ts";

/** Who can be asked for an action. */
interface Asked {
  request(action: SolverAction): void;
}

/**
 * Turns signals into requests to a solver, from the moment it is made: what comes before there is a solver is kept for it.
 *
 * @param effects for each signal `stop`, `snapshot`, or `none`
 * @see Caffe's SignalHandler
 */
export class Signals {
  readonly #undo: readonly (() => void)[];
  readonly #early: SolverAction[] = [];
  #solver: Asked | undefined;

  constructor(effects: Readonly<Record<string, string>>, log: Log) {
    this.#undo = Object.entries(effects).map(([signal, effect]) => {
      const onSignal = (): void => {
        const what = { stop: "training stops after a snapshot", snapshot: "a snapshot follows" };
        log("info", "caffe", `${signal}: ${what[effect as SolverAction] ?? "it is ignored"}.`);
        if (effect !== "none") this.#request(effect as SolverAction);
      };
      process.on(signal, onSignal);
      return () => process.off(signal, onSignal);
    });
  }

  /** Sends what has come and what will come to this solver. */
  goTo(solver: Asked): void {
    this.#solver = solver;
    for (const action of this.#early.splice(0)) solver.request(action);
  }

  /** Lets signals have their usual effect again. */
  close(): void {
    for (const undo of this.#undo) undo();
  }

  #request(action: SolverAction): void {
    if (this.#solver) this.#solver.request(action);
    else this.#early.push(action);
  }
}
