import type { EventStream } from "../../http/event-stream.ts";
import type { ShownRun } from "./shown-run.ts";

/** Milliseconds between two looks at records that somebody follows. */
const LOOK_EVERY = 500;

interface Follower {
  readonly run: ShownRun;
  readonly stream: EventStream;
  /** How many events it has. */
  next: number;
}

/** Sends the events of runs to those who follow them, as they come. Nothing is looked at while nobody follows. */
export class Followers {
  readonly #all = new Set<Follower>();
  #timer: NodeJS.Timeout | undefined;

  /** Sends a run's events behind the first `since`, and all that follow. */
  add(run: ShownRun, stream: EventStream, since: number): void {
    const follower: Follower = { run, stream, next: since };
    this.#all.add(follower);
    this.#timer ??= setInterval(() => this.look(), LOOK_EVERY);
    stream.whenGone(() => {
      this.#all.delete(follower);
      if (this.#all.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    });
    this.#send(follower);
  }

  /** Sends what has come since the last look. */
  look(): void {
    for (const follower of this.#all) this.#send(follower);
  }

  #send(follower: Follower): void {
    const { run, stream } = follower;
    try {
      for (let isMore = true; isMore; ) {
        const part = run.events(follower.next);
        if (part.events.length === 0) return;
        follower.next = part.next;
        stream.send("events", part, part.next);
        isMore = part.isMore;
      }
    } catch {
      // The record is gone: somebody has removed its folder. There is nothing more to tell.
      stream.end();
    }
  }
}
