import { Loss } from "../../net/run/loss.ts";
import { SmoothedLoss, type SmoothedLossState } from "./smoothed-loss.ts";

/** A loss that was read, and the mean with it. */
export interface ReadLoss {
  readonly value: number;
  readonly smoothed: number;
}

/**
 * The losses of a run's iterations, and their mean over the last `average_loss` of them.
 *
 * A loss on a device stays there until `read` is called, which then fetches those that count for the mean.
 */
export class TrainingLoss {
  #length: number;
  #passes: number;
  #smoothed: SmoothedLoss;
  /** Losses that have not been read, oldest first; how many passes each is the sum of; and objects to use again. */
  readonly #unread: Loss[] = [];
  readonly #unreadPasses: number[] = [];
  readonly #spare: Loss[] = [];
  /** Settles when all that `readLater` was asked for has come. */
  #arriving: Promise<unknown> = Promise.resolve();
  #value = 0;
  #isKnown = false;
  readonly #meanOf: ((loss: number) => Promise<number>) | undefined;

  /**
   * @param length how many iterations the mean is over
   * @param passes how many passes an iteration has: a loss is their mean
   * @param meanOf gives, of the loss of this worker, the mean of all workers'
   */
  constructor(length: number, passes: number, meanOf?: (loss: number) => Promise<number>) {
    this.#meanOf = meanOf;
    this.#length = length;
    this.#passes = passes;
    this.#smoothed = new SmoothedLoss(length);
  }

  /** Goes on with a mean over another number of iterations, of other numbers of passes; losses that count in both means stay. */
  goOn(length: number, passes: number): void {
    this.#passes = passes;
    if (length === this.#length) return;
    const state = this.#smoothed.state();
    this.#length = length;
    this.#smoothed = new SmoothedLoss(length);
    this.#smoothed.restore(state);
  }

  /** Whether there is a loss that was read. */
  get isKnown(): boolean {
    return this.#isKnown;
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
    while (this.#unread.length >= this.#length) {
      this.#spare.push(this.#unread.shift() as Loss);
      this.#unreadPasses.shift();
    }
    const loss = this.#spare.pop() ?? new Loss();
    loss.clear();
    this.#unread.push(loss);
    this.#unreadPasses.push(this.#passes);
    return loss;
  }

  /** Reads the losses that have not been read, and waits for their device. */
  async read(): Promise<void> {
    await this.#arriving;
    for (const [i, loss] of this.#unread.entries()) {
      const value = (await loss.read()) / (this.#unreadPasses[i] ?? 1);
      this.add(this.#meanOf ? await this.#meanOf(value) : value);
    }
    this.#spare.push(...this.#unread.splice(0));
    this.#unreadPasses.length = 0;
  }

  /**
   * As `read`, but waits for nothing: what was lost until now is told when it comes, while others begin. Only where the losses are
   * this worker's alone.
   */
  readLater(): Promise<ReadLoss> {
    const passes = this.#unreadPasses.splice(0);
    const unread = this.#unread.splice(0);
    const values = Promise.all(unread.map((loss) => loss.readNow()));
    this.#spare.push(...unread);
    const before = this.#arriving;
    const arriving = values.then(async (sums) => {
      await before;
      for (const [i, sum] of sums.entries()) this.add(sum / (passes[i] ?? 1));
      return { value: this.#value, smoothed: this.smoothed };
    });
    // Who asked hears of a failure.
    this.#arriving = arriving.catch(() => undefined);
    return arriving;
  }

  /** Takes in a loss that is known. */
  add(loss: number): void {
    this.#value = loss;
    this.#isKnown = true;
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
