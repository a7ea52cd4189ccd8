import type { OpenBefore, Question } from "./messages.ts";
import type { ModelHost, Timed } from "./model-host.ts";
import type { ModelFacts } from "./model-plan.ts";

/** Milliseconds of a row below which its way to another thread and back costs more than its pass. */
const SHORT = 0.4;
/** Milliseconds for which a pass may hold up those whose requests are read, and the rows that it may have: for more the way pays. */
const MOST_HELD_UP = 3;
const MOST_ROWS = 8;

/** Whether a model's passes are so short that a thread of their own makes them later, not sooner. */
export function areShort({ passTime }: Pick<ModelFacts, "passTime">): boolean {
  return passTime <= SHORT;
}

/**
 * A model in a thread of its own whose short passes run in this one as soon as it is open here too. What is long, and all that is no
 * pass, its thread does.
 */
export class ShortPassesNear implements ModelHost {
  readonly tuned: Promise<OpenBefore | undefined>;
  readonly #far: ModelHost;
  readonly #opening: Promise<void>;
  #near: ModelHost | undefined;

  /** @param far in a thread of its own; near: the same model in this one, undefined where its passes are long or it cannot be opened here */
  constructor(
    far: ModelHost,
    tuned: Promise<OpenBefore | undefined>,
    near: Promise<ModelHost | undefined>,
  ) {
    this.#far = far;
    this.tuned = tuned;
    this.#opening = near.then((host) => {
      this.#near = host;
    });
  }

  get facts(): ModelFacts {
    return this.#far.facts;
  }

  ask(question: Question): Promise<Timed> {
    const { rows, pictures } = question;
    const isShort =
      !pictures && rows > 0 && rows <= MOST_ROWS && rows * this.facts.passTime <= MOST_HELD_UP;
    return ((isShort && this.#near) || this.#far).ask(question);
  }

  async close(): Promise<void> {
    // Tuning ends with the thread.
    await this.#far.close();
    await this.#opening;
    await this.#near?.close();
  }
}
