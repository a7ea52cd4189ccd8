/** The last losses, where the next one goes among them, and their mean as it has been kept. */
export interface SmoothedLossState {
  readonly losses: readonly number[];
  readonly next: number;
  readonly value: number;
}

/**
 * The mean of the last `length` losses, kept as Caffe keeps it (one subtraction and one addition a step).
 * @see Caffe's Solver::UpdateSmoothedLoss
 */
export class SmoothedLoss {
  readonly #length: number;
  readonly #losses: number[] = [];
  #next = 0;
  #value = 0;

  constructor(length: number) {
    this.#length = length;
  }

  /** 0 before the first loss. */
  get value(): number {
    return this.#value;
  }

  add(loss: number): void {
    if (this.#losses.length < this.#length) {
      this.#losses.push(loss);
      const n = this.#losses.length;
      this.#value = (this.#value * (n - 1) + loss) / n;
      return;
    }
    this.#value += (loss - (this.#losses[this.#next] ?? 0)) / this.#length;
    this.#losses[this.#next] = loss;
    this.#next = (this.#next + 1) % this.#length;
  }

  /** What a resumed run needs to go on with the same mean. */
  state(): SmoothedLossState {
    return { losses: [...this.#losses], next: this.#next, value: this.#value };
  }

  /** Goes on from such a state; where the mean is over another number, from the last losses of the state. */
  restore({ losses, next, value }: SmoothedLossState): void {
    const ordered = [...losses.slice(next), ...losses.slice(0, next)].map(Number);
    this.#losses.length = 0;
    this.#next = 0;
    this.#value = 0;
    if (losses.length <= this.#length && (next === 0 || losses.length === this.#length)) {
      this.#losses.push(...losses.map(Number));
      this.#next = Number(next);
      this.#value = Number(value);
    } else for (const loss of ordered.slice(-this.#length)) this.add(loss);
  }
}
