import type { Log } from "../../util/log.ts";
import type { Question, ThreadData } from "./messages.ts";
import type { ModelHost, Timed } from "./model-host.ts";
import type { ModelFacts } from "./model-plan.ts";
import { OpenModel } from "./open-model.ts";
import { TunedModel } from "./tuning.ts";

/** A model that answers in the thread that asks, which does nothing else meanwhile. */
export class NearModel implements ModelHost {
  readonly facts: ModelFacts;
  readonly #model: OpenModel;

  private constructor(model: OpenModel, facts: ModelFacts) {
    this.#model = model;
    this.facts = facts;
  }

  /** @throws CaffeError where it cannot be opened */
  static async open({ plan, before }: ThreadData, log: Log): Promise<NearModel> {
    const tuned = new TunedModel(await OpenModel.open(plan, log, before), plan);
    let facts = before?.facts;
    while (!facts) facts = await tuned.tune();
    return new NearModel(tuned.model, facts);
  }

  async ask(question: Question): Promise<Timed> {
    const from = performance.now();
    const answer = await this.#model.ask(question);
    return { answer, milliseconds: performance.now() - from };
  }

  async close(): Promise<void> {
    this.#model.close();
  }
}
