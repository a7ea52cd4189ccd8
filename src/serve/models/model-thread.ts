import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { isFile } from "../../io/files/file-system.ts";
import { CaffeError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { deferred } from "../../util/promises.ts";
import type { Answer, Asked, Failure, Question, ThreadData, Told } from "./messages.ts";
import type { ModelFacts } from "./model-plan.ts";
import { memoryOf, OpenModel } from "./open-model.ts";
import type { SharedWeights } from "./shared-weights.ts";

/** An answer, and how long it took the net. */
interface Timed {
  readonly answer: Answer;
  readonly milliseconds: number;
}

/** A model that is open somewhere and answers one question at a time. */
export interface ModelHost {
  readonly facts: ModelFacts;
  /** Its weights, where others are to use them. */
  readonly weights: SharedWeights;
  /** @throws CaffeError that refuses what was given; any other error is a bug or the end of its thread */
  ask(question: Question): Promise<Timed>;
  close(): Promise<void>;
}

/** The compiled thread. */
const THREAD = new URL("./thread.js", import.meta.url);

/**
 * Opens a model in a thread of its own; in this one where there is no compiled thread.
 *
 * @param onEnd is told that the thread has ended though nobody closed it
 * @throws CaffeError where it cannot be opened
 */
export async function openModel(
  data: ThreadData,
  log: Log,
  onEnd: (host: ModelHost, why: Error) => void,
  file: URL = THREAD,
): Promise<ModelHost> {
  if (file.protocol === "file:" && isFile(fileURLToPath(file))) {
    const thread = new ModelThread(data, log, onEnd, file);
    await thread.opened;
    return thread;
  }
  const model = await OpenModel.open(data.plan, log, data.before);
  return {
    facts: model.facts,
    weights: data.isShared ? model.share() : [],
    ask: async (question) => {
      const from = performance.now();
      return { answer: await model.ask(question), milliseconds: performance.now() - from };
    },
    close: async () => model.close(),
  };
}

interface Waiting {
  readonly resolve: (timed: Timed) => void;
  readonly reject: (error: Error) => void;
}

class ModelThread implements ModelHost {
  readonly opened: Promise<void>;
  weights: SharedWeights = [];
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #facts: ModelFacts | undefined;
  #asked = 0;
  #end: Error | undefined;
  #isClosed = false;

  constructor(data: ThreadData, log: Log, onEnd: (host: ModelHost, why: Error) => void, file: URL) {
    this.#worker = new Worker(file, { execArgv: [], workerData: data });
    const { promise: opened, ...open } = deferred<void>();
    this.opened = opened;
    const fail = (error: Error): void => {
      const isNew = this.#end === undefined && this.#facts !== undefined && !this.#isClosed;
      this.#end ??= error;
      if (isNew) onEnd(this, error);
      open.reject(this.#end);
      for (const { reject } of this.#waiting.values()) reject(this.#end);
      this.#waiting.clear();
    };
    this.#worker.on("error", fail);
    this.#worker.on("messageerror", fail);
    this.#worker.on("exit", (code) => fail(new Error(`a model's thread ended, exit code ${code}`)));
    this.#worker.on("message", (told: Told) => {
      if (told.kind === "log") log(told.severity, told.source, told.message);
      else if (told.kind === "failed") fail(errorOf(told.failure));
      else if (told.kind === "open") {
        this.#facts = told.facts;
        this.weights = told.weights;
        open.resolve();
      } else this.#settle(told);
    });
  }

  get facts(): ModelFacts {
    return this.#facts as ModelFacts;
  }

  ask(question: Question): Promise<Timed> {
    return new Promise((resolve, reject) => {
      if (this.#end) return reject(this.#end);
      const asked: Asked = { number: this.#asked++, question };
      this.#waiting.set(asked.number, { resolve, reject });
      this.#worker.postMessage(asked, memoryOf(question.inputs));
    });
  }

  #settle(told: Extract<Told, { readonly number: number }>): void {
    const waiting = this.#waiting.get(told.number);
    this.#waiting.delete(told.number);
    if (told.kind === "refused") waiting?.reject(errorOf(told.failure));
    else waiting?.resolve({ answer: told.answer, milliseconds: told.milliseconds });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#worker.terminate();
  }
}

function errorOf({ message, isCaffeError, stack }: Failure): Error {
  if (isCaffeError) return new CaffeError(message);
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
