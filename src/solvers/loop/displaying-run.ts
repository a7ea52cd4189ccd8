import type { NetOutput } from "../../net/run/outputs.ts";
import { numberText } from "../../util/log.ts";
import { Turns } from "../../util/turns.ts";
import { imagesPerIteration, logDisplay, TrainingSpeed } from "./display.ts";
import { Guests } from "./guests.ts";
import { LateDisplays } from "./late-displays.ts";
import { SolverRun } from "./run.ts";

/** What a run tells of its iterations: losses, which it looks at, and displays, for which a device need not be waited for. */
export abstract class DisplayingRun extends SolverRun {
  /** @internal Lets calls of the solver run one after the other. */
  protected readonly turns: Turns = new Turns();
  /** @internal */
  protected readonly guests: Guests<this> = new Guests<this>(this, this.turns);
  protected readonly speed: TrainingSpeed = new TrainingSpeed();
  /** What the iteration that is under way has displayed. */
  protected displayed: readonly NetOutput[] | undefined;
  protected readonly late: LateDisplays = new LateDisplays();

  /** Displays an iteration whose loss has been read. */
  protected async display(): Promise<void> {
    const { iter, net, presentParam: param } = this;
    const done = this.speed.take();
    this.displayed = await net.outputValues();
    logDisplay({ iter, param }, this.displayed, this.loss.smoothed, done, this.log);
    if (!this.meetings) return;
    const { count, rank } = this.meetings.workers;
    const images = imagesPerIteration(net, param) * count;
    const perSecond = (images * done.iterations) / (done.seconds || 1);
    const sent = this.meetings.sent(done.iterations);
    this.say(`    All ${count} ranks: ${numberText(perSecond)} images/s, ${sent}`);
    const slow = this.meetings.slowest(done.seconds);
    if (slow !== undefined && count > 1 && rank === 0) this.log("warning", "solver", slow);
  }

  /** Displays an iteration when its numbers have come from the device, which goes on meanwhile. */
  protected displayLate(maxIter: number): void {
    const { iter, net, presentParam: param } = this;
    const done = this.speed.take();
    this.late.add(
      { iter: iter + 1, maxIter, rate: this.learningRate() },
      Promise.all([this.loss.readLater(), net.outputValuesNow()]),
      this.lines.hold(),
      ({ value }) => this.divergence.look(value, iter),
      ({ smoothed }, outputs, log) => {
        this.#goesWell(smoothed, iter);
        logDisplay({ iter, param }, outputs, smoothed, done, log);
      },
    );
  }

  /** Waits until so many displays are on their way at most, and tells guests of those that have come. */
  protected async takeLate(most = 0): Promise<void> {
    await this.late.arrivals(most);
    const { problem } = this.late;
    if (problem !== undefined) await this.divergence.stop(problem, this.net);
    for (const event of this.late.take()) {
      await this.guests.tell((guest) => guest.onLateDisplay?.(event, this));
    }
  }

  /** Reads the loss, waiting for a device, and looks at it. */
  protected async readLoss(): Promise<void> {
    await this.late.arrivals();
    await this.loss.read();
    await this.lookAtLoss();
  }

  /** Looks at a loss that has been read. */
  protected async lookAtLoss(): Promise<void> {
    await this.divergence.check(this.loss.value, this.iter, this.net);
    this.#goesWell(this.loss.smoothed, this.iter);
  }

  /** The loss of an iteration is as it should be. */
  #goesWell(smoothed: number, iter: number): void {
    this.snapshots.prune();
    this.score.offerLoss(smoothed, iter);
  }
}
