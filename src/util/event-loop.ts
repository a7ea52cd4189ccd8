/** How often the event loop gets a turn: signals and messages come in there. */
const EVERY_MS = 20;
/** Runs it in the loop's next turn. A timer waits for a millisecond at least; browsers have nothing else. */
const inNextTurn: (run: () => void) => void =
  typeof setImmediate === "function" ? setImmediate : (run) => setTimeout(run, 0);

/** Lets others run now and then while a long piece of work goes on. */
export class EventLoop {
  #lastTurn = 0;

  /** Whether the last turn is long enough ago for the next. */
  get isDue(): boolean {
    return performance.now() - this.#lastTurn >= EVERY_MS;
  }

  /** Gives the event loop a turn, where one is due. */
  async mayRun(): Promise<void> {
    if (!this.isDue) return;
    await new Promise<void>(inNextTurn);
    this.#lastTurn = performance.now();
  }
}
