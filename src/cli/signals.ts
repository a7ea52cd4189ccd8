import type { SolverAction } from "../solvers/loop/callbacks.ts";
import type { Log } from "../util/log.ts";

/** A solver, as far as signals ask it for actions. */
interface Asked {
  request(action: SolverAction): void;
}

/**
 * Calls `act` with the first of these signals. From then on they have their usual effect: a second one ends the process
 * at once, even while JavaScript is busy, for the system does it.
 *
 * @returns what lets the first have its usual effect too
 */
export function onFirstOf(signals: readonly string[], act: (signal: string) => void): () => void {
  const undo = (): void => {
    for (const signal of signals) process.off(signal, onSignal);
  };
  const onSignal = (signal: string): void => {
    undo();
    act(signal);
  };
  for (const signal of signals) process.on(signal, onSignal);
  return undo;
}

/**
 * Turns signals into requests to a solver. Requests for snapshots are kept until there is one; before that nothing is
 * lost, and a signal to stop ends the process. Where stopping was asked for once, the next signal to stop ends it too.
 *
 * @param effects for each signal `stop`, `snapshot`, or `none`
 * @see Caffe's SignalHandler
 */
export class Signals {
  readonly #undo: (() => void)[] = [];
  readonly #stopping: readonly string[];
  #log: Log;
  #wantsSnapshot = false;
  #solver: Asked | undefined;

  constructor(effects: Readonly<Record<string, string>>, log: Log) {
    this.#log = log;
    const names = Object.keys(effects);
    this.#stopping = names.filter((name) => effects[name] === "stop");
    for (const name of names) {
      if (effects[name] === "stop") continue;
      const isSnapshot = effects[name] === "snapshot";
      const onSignal = (): void => {
        this.#say(name, isSnapshot ? "a snapshot follows." : "it is ignored.");
        if (!isSnapshot) return;
        this.#wantsSnapshot = true;
        this.#solver?.request("snapshot");
      };
      process.on(name, onSignal);
      this.#undo.push(() => process.off(name, onSignal));
    }
  }

  /**
   * Sends what has come and what will come to this solver.
   * @param log takes what is said of it from now on
   */
  goTo(solver: Asked, log: Log): void {
    [this.#solver, this.#log] = [solver, log];
    if (this.#wantsSnapshot) solver.request("snapshot");
    this.#undo.push(
      onFirstOf(this.#stopping, (signal) => {
        this.#say(signal, "training stops after a snapshot. A second one ends it at once.");
        solver.request("stop");
      }),
    );
  }

  /** Lets signals have their usual effect again. */
  close(): void {
    for (const undo of this.#undo) undo();
  }

  #say(signal: string, what: string): void {
    this.#log("info", "caffe", `${signal}: ${what}`);
  }
}
