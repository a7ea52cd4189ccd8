import type { NetOutput } from "../../net/run/outputs.ts";
import type { Log } from "../../util/log.ts";
import type { ReadLoss } from "../watch/training-loss.ts";
import type { IterationEvent } from "./callbacks.ts";

/** An iteration that is displayed when its numbers have come from a device. */
interface LateDisplay {
  /** Settles when its lines are written, or are known never to be; never fails. */
  readonly arrival: Promise<void>;
  /** What guests are told of it, once it is known. */
  event?: IterationEvent;
}

/** What is known of an iteration before its numbers are. */
type BareEvent = Omit<IterationEvent, "loss" | "smoothedLoss" | "outputs">;

/** Displays whose numbers are on their way from a device, while iterations go on. */
export class LateDisplays {
  readonly #all: LateDisplay[] = [];
  /** When single lines are written; they never fail. */
  readonly #lines: Promise<void>[] = [];
  #problem: string | undefined;
  #failure: { readonly cause: unknown } | undefined;

  /** Why training has diverged, by a loss that has come. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /**
   * Displays an iteration when its numbers come; one after a failed one never.
   * @param fill writes its lines where their place is held
   * @param look looks at the loss before it is displayed; returns what is wrong with it
   */
  add(
    event: BareEvent,
    numbers: Promise<readonly [ReadLoss, readonly NetOutput[]]>,
    fill: (write?: (log: Log) => void) => void,
    look: (loss: ReadLoss) => string | undefined,
    write: (loss: ReadLoss, outputs: readonly NetOutput[], log: Log) => void,
  ): void {
    const take = ([loss, outputs]: readonly [ReadLoss, readonly NetOutput[]]): void => {
      if (!this.#failure) this.#problem ??= look(loss);
      if (this.#failure || this.#problem !== undefined) {
        fill();
        return;
      }
      const { value, smoothed } = loss;
      display.event = { ...event, loss: value, smoothedLoss: smoothed, outputs };
      fill((log) => write(loss, outputs, log));
    };
    const display: LateDisplay = { arrival: this.#settled(numbers.then(take), fill) };
    this.#all.push(display);
  }

  /** Writes a line when its number comes; one after a failed display never. */
  addLine(
    number: Promise<number>,
    fill: (write?: (log: Log) => void) => void,
    write: (number: number, log: Log) => void,
  ): void {
    const take = (value: number): void => {
      const isUnwanted = this.#failure !== undefined || this.#problem !== undefined;
      fill(isUnwanted ? undefined : (log) => write(value, log));
    };
    this.#lines.push(this.#settled(number.then(take), fill));
  }

  /** Keeps a failure for `take`. */
  #settled(taken: Promise<void>, fill: () => void): Promise<void> {
    return taken.catch((cause: unknown) => {
      this.#failure ??= { cause };
      fill();
    });
  }

  /** Waits until no more than `most` are on their way. */
  async arrivals(most = 0): Promise<void> {
    for (const { arrival } of this.#all.slice(0, Math.max(0, this.#all.length - most))) {
      await arrival;
    }
    for (const line of this.#lines.splice(0, Math.max(0, this.#lines.length - most))) await line;
  }

  /**
   * Those that have come since this was last asked, in order.
   * @throws what kept one from coming
   */
  take(): readonly IterationEvent[] {
    const failure = this.#failure;
    if (failure) {
      this.forget();
      throw failure.cause;
    }
    const events: IterationEvent[] = [];
    for (let event = this.#all[0]?.event; event; event = this.#all[0]?.event) {
      events.push(event);
      this.#all.shift();
    }
    return events;
  }

  /** Training has ended by an error: what was wrong, or has come, does not concern a later one. */
  forget(): void {
    this.#all.length = this.#lines.length = 0;
    this.#problem = this.#failure = undefined;
  }
}
