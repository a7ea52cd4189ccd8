import { CaffeError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import type { Dispatcher } from "../queue/dispatcher.ts";
import { PassQueue, type QueueLimits, type RunPass } from "../queue/pass-queue.ts";
import type { Question } from "./messages.ts";
import type { ModelFacts, ModelPlan } from "./model-plan.ts";
import { openModel } from "./model-thread.ts";
import type { Tensors } from "./tensors.ts";

/** Where a model comes from. */
export interface ModelSource {
  /** What clients call it; its net's name by default. */
  readonly name?: string | undefined;
  /** What is to be opened now: files may have changed since it was asked before. */
  readonly plan: () => ModelPlan;
}

/** A model that clients ask by its name: what is open of it now, and who waits for it. */
export class ServedModel {
  readonly name: string;
  readonly #queue: PassQueue;
  #version = 1;
  #facts: ModelFacts;

  private constructor(name: string, queue: PassQueue, facts: ModelFacts) {
    this.name = name;
    this.#queue = queue;
    this.#facts = facts;
  }

  /**
   * Opens a model.
   * @throws CaffeError where it cannot be opened, or has no name
   */
  static async open(
    source: ModelSource,
    limits: QueueLimits,
    dispatcher: Dispatcher,
    onPass: (model: string, pass: RunPass) => void,
    log: Log,
  ): Promise<ServedModel> {
    const plan = source.plan();
    const host = await openModel(plan, log);
    const name = source.name ?? host.facts.netName;
    if (name === "") {
      await host.close();
      throw new CaffeError(`${plan.model}: the net has no name. Expected --name=NAME.`);
    }
    const queue = new PassQueue(limits, (pass) => onPass(name, pass), dispatcher.wake);
    dispatcher.add(queue);
    queue.use([host]);
    return new ServedModel(name, queue, host.facts);
  }

  get facts(): ModelFacts {
    return this.#facts;
  }

  /** Which one it is of those that were open under this name: 1, and one more with each that takes its place. */
  get version(): string {
    return String(this.#version);
  }

  /** How many requests wait for it. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Waits for the answer; see `PassQueue.ask`. */
  ask(question: Question, gone: AbortSignal): Promise<Tensors> {
    return this.#queue.ask(question, gone);
  }

  close(why: Error): Promise<void> {
    return this.#queue.close(why);
  }
}
