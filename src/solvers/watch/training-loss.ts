import { Loss } from "../../net/run/loss.ts";
import { SmoothedLoss, type SmoothedLossState } from "./smoothed-loss.ts";

/**
 * The losses of a run's iterations, and their mean over the last `average_loss` of them.
 *
 * What lies on a device waits there until somebody wants to know: then the losses that count for the mean are read.
 */
export class TrainingLoss {
  #window: number;
  #passes: number;
  #smoothed: SmoothedLoss;
  /** Losses that nobody has read yet, oldest first, how many passes each is of, and some to use again. */
  readonly #unread: Loss[] = [];
  readonly #unreadPasses: number[] = [];
  readonly #spare: Loss[] = [];
  #value = 0;

  /**
   * @param window how many iterations the mean is over
   * @param passes how many passes an iteration has: a loss is their mean
   */
  constructor(window: number, passes: number) {
    this.#window = window;
    this.#passes = passes;
    this.#smoothed = new SmoothedLoss(window);
  }

  /** Goes on with another window and another number of passes; the mean, with the losses of it that are in the window. */
  goOn(window: number, passes: number): void {
    this.#passes = passes;
    if (window === this.#window) return;
    const state = this.#smoothed.state();
    this.#window = window;
    this.#smoothed = new SmoothedLoss(window);
    this.#smoothed.restore(state);
  }

  /** The loss that was read last. */
  get value(): number {
    return this.#value;
  }

  /** The mean as it was when a loss was last read. */
  get smoothed(): number {
    return this.#smoothed.value;
  }

  /** The loss of the coming iteration, for its passes to add to. */
  begin(): Loss {
    while (this.#unread.length >= this.#window) {
      this.#spare.push(this.#unread.shift() as Loss);
      this.#unreadPasses.shift();
    }
    const loss = this.#spare.pop() ?? new Loss();
    loss.clear();
    this.#unread.push(loss);
    this.#unreadPasses.push(this.#passes);
    return loss;
  }

  /** Waits for what no one has read yet. */
  async read(): Promise<void> {
    for (const [i, loss] of this.#unread.entries()) {
      this.add((await loss.read()) / (this.#unreadPasses[i] ?? 1));
    }
    this.#spare.push(...this.#unread.splice(0));
    this.#unreadPasses.length = 0;
  }

  /** Takes in a loss that is known. */
  add(loss: number): void {
    this.#value = loss;
    this.#smoothed.add(loss);
  }

  /** What a resumed run needs to go on with the same mean. Everything has been read. */
  state(): SmoothedLossState {
    return this.#smoothed.state();
  }

  restore(state: SmoothedLossState): void {
    this.#smoothed.restore(state);
  }
}
