/** How often the event loop gets a turn: signals and messages come in there. */
const EVERY_MS = 20;

/** Lets others run now and then while a long piece of work goes on. */
export class EventLoop {
  #lastTurn = 0;

  /** Gives the event loop a turn, where the last is long enough ago. */
  async mayRun(): Promise<void> {
    if (performance.now() - this.#lastTurn < EVERY_MS) return;
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    this.#lastTurn = performance.now();
  }
}
