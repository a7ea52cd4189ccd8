/**
 * The mean of the last `window` losses, kept as Caffe keeps it (one subtraction and one addition a step).
 * @see Caffe's Solver::UpdateSmoothedLoss
 */
export class SmoothedLoss {
  readonly #window: number;
  readonly #losses: number[] = [];
  #next = 0;
  #value = 0;

  constructor(window: number) {
    this.#window = window;
  }

  /** 0 before the first loss. */
  get value(): number {
    return this.#value;
  }

  clear(): void {
    this.#losses.length = 0;
    this.#next = 0;
    this.#value = 0;
  }

  add(loss: number): void {
    if (this.#losses.length < this.#window) {
      this.#losses.push(loss);
      const n = this.#losses.length;
      this.#value = (this.#value * (n - 1) + loss) / n;
      return;
    }
    this.#value += (loss - (this.#losses[this.#next] ?? 0)) / this.#window;
    this.#losses[this.#next] = loss;
    this.#next = (this.#next + 1) % this.#window;
  }
}
