import { Loss } from "../net/loss.ts";
import { SmoothedLoss, type SmoothedLossState } from "./smoothed-loss.ts";

/**
 * The losses of a run's iterations, and their mean over the last `average_loss` of them.
 *
 * What lies on a device waits there until somebody wants to know: then the losses that count for the mean are read.
 */
export class TrainingLoss {
  readonly #window: number;
  readonly #passes: number;
  readonly #smoothed: SmoothedLoss;
  /** Losses that nobody has read yet, oldest first, and some to use again. */
  readonly #unread: Loss[] = [];
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
    const old = this.#unread.length >= this.#window ? this.#unread.shift() : undefined;
    const loss = old ?? this.#spare.pop() ?? new Loss();
    loss.clear();
    this.#unread.push(loss);
    return loss;
  }

  /** Waits for what no one has read yet. */
  async read(): Promise<void> {
    for (const loss of this.#unread) this.add((await loss.read()) / this.#passes);
    this.#spare.push(...this.#unread.splice(0));
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
