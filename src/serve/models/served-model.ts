import { availableParallelism } from "node:os";
import { fileStamp } from "../../io/files/file-system.ts";
import { CaffeError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import type { Dispatcher } from "../queue/dispatcher.ts";
import {
  type Client,
  PassQueue,
  type QueueLimits,
  type RunPass,
  type Versioned,
} from "../queue/pass-queue.ts";
import type { Question, ThreadData } from "./messages.ts";
import type { ModelHost } from "./model-host.ts";
import type { ModelFacts, ModelPlan } from "./model-plan.ts";
import { openModel } from "./model-thread.ts";
import { areShort } from "./short-passes.ts";

/** Where a model comes from. */
export interface ModelSource {
  /** What clients call it; its net's name by default. */
  readonly name?: string | undefined;
  /** What is to be opened now: of a run's folder the newest snapshot. */
  readonly plan: () => ModelPlan;
}

/** How models are kept. */
interface KeepOptions {
  readonly limits: QueueLimits;
  readonly dispatcher: Dispatcher;
  /** How many passes of a model run side by side when several questions are there. */
  readonly workers: number;
  /** Milliseconds between two looks at the files; 0 to look never. */
  readonly reload: number;
  readonly onPass: (model: string, pass: RunPass) => void;
  readonly log: Log;
}

/** Milliseconds after which a model that has lost its thread is opened anew. */
const REOPEN_AFTER = 1000;

/**
 * A model that clients ask by its name. When its files change, or a run's folder has a newer snapshot, it is opened anew beside
 * the one that answers, and takes its place between two passes; where that fails, the one before stays.
 */
export class ServedModel {
  readonly name: string;
  readonly #source: ModelSource;
  readonly #options: KeepOptions;
  readonly #queue: PassQueue;
  #facts: ModelFacts;
  #version = 1;
  /** How the files were that are open, or that could not be opened. */
  #stamp: string;
  /** How they were when they were looked at last: a file that is still being written is waited for. */
  #seen: string;
  #timer: NodeJS.Timeout | undefined;
  #reopening: NodeJS.Timeout | undefined;
  /** Ends when no further threads are being opened. */
  #opening: Promise<void> = Promise.resolve();
  #isClosed = false;

  private constructor(
    source: ModelSource,
    options: KeepOptions,
    name: string,
    host: ModelHost,
    plan: ModelPlan,
    stamp: string,
  ) {
    const { limits, dispatcher, onPass } = options;
    this.name = name;
    this.#source = source;
    this.#options = options;
    this.#stamp = stamp;
    this.#seen = stamp;
    this.#facts = host.facts;
    this.#queue = new PassQueue(limits, (pass) => onPass(name, pass), dispatcher.wake);
    dispatcher.add(this.#queue);
    this.#queue.use(1, host);
    this.#openBesideLater(plan, host);
    this.#lookLater();
  }

  /**
   * Opens a model.
   * @throws CaffeError where it cannot be opened, or has no name
   */
  static async open(source: ModelSource, options: KeepOptions): Promise<ServedModel> {
    const plan = source.plan();
    const stamp = stampOf(plan);
    let model: ServedModel | undefined;
    const host = await openWhole(plan, options, (ended, why) => model?.hostEnded(ended, why));
    const name = source.name ?? host.facts.netName;
    if (name === "") {
      await host.close();
      throw new CaffeError(`${plan.model}: the net has no name. Expected --name=NAME.`);
    }
    model = new ServedModel(source, options, name, host, plan, stamp);
    return model;
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

  /** Whether there is a thread to answer. */
  get isReady(): boolean {
    return this.#queue.isReady;
  }

  /** Waits for the answer; see `PassQueue.ask`. */
  ask(question: Question, client: Client): Promise<Versioned> {
    return this.#queue.ask(question, client);
  }

  #lookLater(): void {
    const { reload } = this.#options;
    if (reload === 0 || this.#isClosed) return;
    this.#timer = setTimeout(() => void this.#look().finally(() => this.#lookLater()), reload);
    this.#timer.unref();
  }

  /** Looks at the files, and opens them anew where they have changed and are no longer being written. */
  async #look(): Promise<void> {
    let plan: ModelPlan;
    try {
      plan = this.#source.plan();
    } catch (error) {
      this.#refuse(String(error), error);
      return;
    }
    const stamp = stampOf(plan);
    const isStill = stamp === this.#seen;
    this.#seen = stamp;
    if (isStill && stamp !== this.#stamp) await this.#replace(plan, stamp);
  }

  async #replace(plan: ModelPlan, stamp: string): Promise<void> {
    try {
      const host = await openWhole(plan, this.#options, (ended, why) => this.hostEnded(ended, why));
      if (this.#isClosed) {
        await host.close();
        return;
      }
      this.#stamp = stamp;
      this.#version++;
      this.#facts = host.facts;
      this.#queue.use(this.#version, host);
      this.#openBesideLater(plan, host);
      const files = [plan.model, ...plan.weights].join(", ");
      this.#say("info", `is version ${this.#version} now, of ${files}`);
    } catch (error) {
      this.#refuse(stamp, error);
    }
  }

  #openBesideLater(plan: ModelPlan, host: ModelHost): void {
    const [before, now] = [this.#opening, this.#openBeside(plan, host)];
    this.#opening = before.then(() => now);
  }

  /** Opens the model in further threads, for passes side by side, with the weights of the one that answers already. */
  async #openBeside(plan: ModelPlan, host: ModelHost): Promise<void> {
    const { workers, log } = this.#options;
    const number = this.#version;
    const before = await host.tuned;
    // Passes that are short run one after the other in less time.
    if (!before || !mayRunBeside(plan, workers) || areShort(before.facts)) return;
    const threads = plan.threads ?? Math.max(1, Math.floor(availableParallelism() / workers));
    const data: ThreadData = {
      plan: { ...plan, threads },
      isShared: false,
      before: { ...before, facts: { ...before.facts, threads } },
    };
    const opened = await Promise.allSettled(
      Array.from({ length: workers }, () =>
        openModel(data, log, (ended, why) => this.hostEnded(ended, why)),
      ),
    );
    const hosts = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    if (hosts.length === workers && this.#queue.join(number, hosts)) return;
    await Promise.all(hosts.map((one) => one.close()));
    const failed = opened.find((one) => one.status === "rejected");
    if (failed && !this.#isClosed) {
      log("warning", "serve", `Model "${this.name}" runs no passes side by side: ${failed.reason}`);
    }
  }

  /** Says once that what is there now cannot be opened. */
  #refuse(stamp: string, error: unknown): void {
    if (this.#stamp === stamp || this.#isClosed) return;
    this.#stamp = stamp;
    const why = error instanceof Error ? error.message : String(error);
    this.#say(
      "error",
      `stays version ${this.#version}, for what has changed cannot be opened: ${why}`,
    );
  }

  /** A thread has ended though nobody closed it: the model is opened anew. */
  private hostEnded(host: ModelHost, why: Error): void {
    if (this.#isClosed) return;
    this.#queue.drop(host);
    void host.close();
    this.#say("error", `has lost a thread, and is opened anew: ${why.message}`);
    this.#reopenLater();
  }

  #reopenLater(): void {
    clearTimeout(this.#reopening);
    this.#reopening = setTimeout(() => void this.#reopen(), REOPEN_AFTER).unref();
  }

  async #reopen(): Promise<void> {
    try {
      const plan = this.#source.plan();
      await this.#replace(plan, stampOf(plan));
    } catch (error) {
      this.#refuse(String(error), error);
    }
    if (!this.#queue.isReady && !this.#isClosed) this.#reopenLater();
  }

  #say(severity: "info" | "error", what: string): void {
    this.#options.log(severity, "serve", `Model "${this.name}" ${what}`);
  }

  async close(why: Error): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#reopening);
    await this.#queue.close(why);
    await this.#opening;
  }
}

/** The model in a thread whose passes have all cores. */
function openWhole(
  plan: ModelPlan,
  { workers, log }: KeepOptions,
  onEnd: (host: ModelHost, why: Error) => void,
): Promise<ModelHost> {
  const isShared = mayRunBeside(plan, workers);
  return openModel({ plan, isShared, before: undefined }, log, onEnd);
}

/** Whether passes may run side by side; those on a GPU share it anyway. */
function mayRunBeside({ gpu }: ModelPlan, workers: number): boolean {
  return workers > 1 && gpu === undefined;
}

/** What changes when a model's files do. */
function stampOf(plan: ModelPlan): string {
  const files = [plan.model, ...plan.weights, ...(plan.labels === undefined ? [] : [plan.labels])];
  return JSON.stringify([plan, files.map(fileStamp)]);
}
