import { HttpError } from "../../http/http-error.ts";
import { type Deferred, deferred } from "../../util/promises.ts";
import type { Answer, Question } from "../models/messages.ts";
import type { ModelHost } from "../models/model-host.ts";
import type { ModelFacts } from "../models/model-plan.ts";
import { areShort } from "../models/short-passes.ts";
import { batchLength, cutApart, joinedQuestion, sameKind } from "./batch.ts";

/** How many questions wait, and how long. */
export interface QueueLimits {
  /** Questions that wait at most; more are refused. */
  readonly maxQueue: number;
  /** Milliseconds that the oldest question waits for others to run with while a thread is free. */
  readonly maxDelay: number;
  /** Milliseconds after which a question is given up, waiting or running. */
  readonly timeout: number;
}

/** A pass that has run: how many questions it answered, their rows, and how long the net took. */
export interface RunPass {
  readonly requests: number;
  readonly rows: number;
  readonly milliseconds: number;
}

/** An answer, and the version of the model whose it is. */
export interface Versioned extends Answer {
  readonly version: number;
}

/** Who waits for an answer. */
export interface Client {
  /** Calls `act` when nobody waits any more. @returns what takes that back */
  whenGone(act: () => void): () => void;
}

interface Waiting {
  readonly question: Question;
  readonly since: number;
  readonly answer: Deferred<Versioned>;
}

/** A model as it is open now. */
interface ModelVersion {
  readonly number: number;
  /** The one whose passes have all cores; undefined where its thread has ended. */
  readonly whole: ModelHost | undefined;
  /** Those whose passes run side by side, each on its share of the cores. */
  readonly beside: readonly ModelHost[];
}

const NONE: ModelVersion = { number: 0, whole: undefined, beside: [] };

/**
 * The questions that wait for one model, and the threads that answer for it. Who waits may leave, and is given up after a
 * time; those who asked first are answered first.
 */
export class PassQueue {
  readonly #limits: QueueLimits;
  readonly #onPass: (pass: RunPass) => void;
  readonly #wake: () => void;
  #waiting: Waiting[] = [];
  /** Those that wait and those whose passes run, the oldest first. */
  readonly #unanswered = new Set<Waiting>();
  #giveUp: NodeJS.Timeout | undefined;
  #idle: ModelHost[] = [];
  /** Threads that answer, and will be closed when they have. */
  readonly #leaving = new Set<ModelHost>();
  #version = NONE;

  /** @param wake is called when something may have become ready to run */
  constructor(limits: QueueLimits, onPass: (pass: RunPass) => void, wake: () => void) {
    this.#limits = limits;
    this.#onPass = onPass;
    this.#wake = wake;
  }

  /** How many questions wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** Whether there is a thread to answer. */
  get isReady(): boolean {
    return this.#hosts().length > 0;
  }

  /** Whether passes can run side by side. */
  get runsBeside(): boolean {
    return this.#version.beside.length > 0;
  }

  /** Whether its passes are over before a turn of the event loop would have gathered others for them. */
  get isShort(): boolean {
    const { whole } = this.#version;
    return whole !== undefined && areShort(whole.facts);
  }

  #hosts(): readonly ModelHost[] {
    const { whole, beside } = this.#version;
    return whole ? [whole, ...beside] : beside;
  }

  /**
   * Lets another thread answer from now on; those before it end what they are at, and are closed. Who waits with what it
   * does not take is told so.
   */
  use(number: number, host: ModelHost): void {
    for (const one of this.#hosts()) {
      if (this.#idle.includes(one)) void one.close();
      else this.#leaving.add(one);
    }
    const [before] = this.#hosts();
    if (before && !takesTheSame(before.facts, host.facts)) {
      const why = "the model has just been replaced by one with other inputs. Ask again.";
      for (const { answer } of this.#waiting.splice(0)) answer.reject(new HttpError(503, why));
    }
    this.#version = { number, whole: host, beside: [] };
    this.#idle = [host];
    this.#wake();
  }

  /**
   * Lets threads with the same model answer too, each on its share of the cores.
   * @returns false where another version has taken its place
   */
  join(number: number, beside: readonly ModelHost[]): boolean {
    if (this.#version.number !== number || !this.isReady) return false;
    this.#version = { ...this.#version, beside };
    this.#idle.push(...beside);
    this.#wake();
    return true;
  }

  /** No longer counts on a thread that has ended. */
  drop(host: ModelHost): void {
    const { number, whole, beside } = this.#version;
    this.#version = {
      number,
      whole: whole === host ? undefined : whole,
      beside: beside.filter((one) => one !== host),
    };
    this.#idle = this.#idle.filter((one) => one !== host);
    this.#leaving.delete(host);
  }

  /**
   * Waits for the answer.
   *
   * @throws HttpError 429 where too many wait, 504 where it takes too long; what the model throws
   */
  ask(question: Question, client: Client): Promise<Versioned> {
    if (this.#waiting.length >= this.#limits.maxQueue) {
      throw new HttpError(
        429,
        `${this.#waiting.length} requests wait for this model already. Ask again later.`,
        { "retry-after": "1" },
      );
    }
    const waiting: Waiting = { question, since: performance.now(), answer: deferred() };
    this.#waiting.push(waiting);
    this.#unanswered.add(waiting);
    this.#giveUpLater(this.#limits.timeout);
    this.#wake();
    // A short pass has run by now, and nobody else has come.
    return this.#waiting.at(-1) === waiting
      ? this.#waits(waiting, client)
      : this.#answerOf(waiting);
  }

  /** The answer of who has to wait for others, and may leave. */
  async #waits(waiting: Waiting, client: Client): Promise<Versioned> {
    const { maxDelay } = this.#limits;
    const stay = client.whenGone(() => {
      this.#leave(waiting);
      waiting.answer.reject(new HttpError(499, "the client has left."));
    });
    const ripe = maxDelay > 0 ? setTimeout(this.#wake, maxDelay + 1) : undefined;
    try {
      return await this.#answerOf(waiting);
    } finally {
      clearTimeout(ripe);
      stay();
    }
  }

  async #answerOf(waiting: Waiting): Promise<Versioned> {
    try {
      return await waiting.answer.promise;
    } finally {
      this.#unanswered.delete(waiting);
    }
  }

  /** Looks again at who waits too long, after so many milliseconds: one timer for all, since all wait equally long. */
  #giveUpLater(milliseconds: number): void {
    this.#giveUp ??= setTimeout(() => this.#giveUpNow(), milliseconds).unref();
  }

  #giveUpNow(): void {
    this.#giveUp = undefined;
    const { timeout } = this.#limits;
    const now = performance.now();
    for (const waiting of this.#unanswered) {
      const left = waiting.since + timeout - now;
      if (left > 0) {
        this.#giveUpLater(left);
        return;
      }
      this.#leave(waiting);
      this.#unanswered.delete(waiting);
      const why = `no answer after ${timeout / 1000} seconds. Ask again later.`;
      waiting.answer.reject(new HttpError(504, why));
    }
  }

  #leave(waiting: Waiting): void {
    this.#waiting = this.#waiting.filter((one) => one !== waiting);
  }

  /** Since when the oldest question waits, where a pass can run now. */
  get readySince(): number | undefined {
    const [first] = this.#waiting;
    const host = this.#next();
    if (!first || !host) return undefined;
    const { maxDelay } = this.#limits;
    const isRipe = first.question.rows === 0 || performance.now() - first.since >= maxDelay;
    return isRipe || this.#rows() >= host.facts.maxBatch ? first.since : undefined;
  }

  /** Who answers next, of those whose passes run side by side where there are such. */
  #next(): ModelHost | undefined {
    const { beside } = this.#version;
    return this.runsBeside ? this.#idle.find((host) => beside.includes(host)) : this.#idle[0];
  }

  #rows(): number {
    return this.#waiting.reduce((sum, { question }) => sum + question.rows, 0);
  }

  /**
   * Runs the next pass, whose questions no longer wait from now on. Nothing is thrown: who asked is told.
   * @param share among how many passes side by side the questions are shared out; undefined for one on all cores
   */
  async run(share?: number): Promise<void> {
    const { number: version, whole } = this.#version;
    const host = share === undefined && whole ? whole : this.#next();
    if (!host) return;
    this.#idle = this.#idle.filter((one) => one !== host);
    const batch = this.#waiting.splice(0, this.#length(host, share));
    const questions = batch.map(({ question }) => question);
    try {
      const question = joinedQuestion(questions);
      const { answer, milliseconds } = await host.ask(question);
      this.#onPass({ requests: batch.length, rows: question.rows, milliseconds });
      const answers = cutApart(questions, answer);
      batch.forEach((one, i) => {
        one.answer.resolve({ ...(answers[i] as Answer), version });
      });
    } catch (error) {
      for (const one of batch) one.answer.reject(error);
    } finally {
      if (this.#leaving.delete(host)) void host.close();
      else if (this.#hosts().includes(host)) this.#idle.push(host);
    }
  }

  /** How many of those who wait run together, shared out among so many passes. */
  #length({ facts }: ModelHost, share = 1): number {
    if (this.#waiting.length === 1) return 1;
    const waiting = this.#waiting.map(({ question }) => question);
    return batchLength(
      waiting.slice(0, sameKind(waiting)).map(({ rows }) => rows),
      Math.min(facts.maxBatch, Math.ceil(this.#rows() / share)),
      areShort(facts),
    );
  }

  /** Refuses all who wait, and closes the threads. */
  async close(why: Error): Promise<void> {
    clearTimeout(this.#giveUp);
    for (const { answer } of this.#waiting.splice(0)) answer.reject(why);
    const hosts = [...this.#hosts(), ...this.#leaving];
    this.#version = { ...NONE, number: this.#version.number };
    await Promise.all(hosts.map((host) => host.close()));
  }
}

function takesTheSame(a: ModelFacts, b: ModelFacts): boolean {
  const taken = ({ inputs, outputs, maxBatch, task }: ModelFacts): string =>
    JSON.stringify([inputs, outputs.map(({ name }) => name), maxBatch, task]);
  return taken(a) === taken(b);
}
