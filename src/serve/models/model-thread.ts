import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { isFile } from "../../io/files/file-system.ts";
import { errorOf } from "../../util/failure.ts";
import { type Log, silent } from "../../util/log.ts";
import { deferred } from "../../util/promises.ts";
import type { Asked, Question, ThreadData, Told } from "./messages.ts";
import type { ModelHost, Timed } from "./model-host.ts";
import type { ModelFacts } from "./model-plan.ts";
import { NearModel } from "./near-model.ts";
import { memoryOf } from "./open-model.ts";
import type { SharedWeights } from "./shared-weights.ts";
import { areShort, ShortPassesNear } from "./short-passes.ts";

/** The compiled thread. */
const THREAD = new URL("./thread.js", import.meta.url);

/**
 * Opens a model in a thread of its own, and here too where its passes are short; here alone where there is no compiled thread.
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
  if (file.protocol !== "file:" || !isFile(fileURLToPath(file))) {
    return await NearModel.open(data, log);
  }
  let host: ModelHost | undefined;
  const thread = new ModelThread(data, log, (why) => onEnd(host ?? thread, why), file);
  await thread.opened;
  host = areShort(thread.facts) ? await withNear(thread, data) : thread;
  return host;
}

async function withNear(thread: ModelThread, data: ThreadData): Promise<ModelHost> {
  const { facts, weights } = thread;
  try {
    const before = { facts, weights };
    return new ShortPassesNear(
      thread,
      await NearModel.open({ ...data, isShared: false, before }, silent),
    );
  } catch (error) {
    await thread.close();
    throw error;
  }
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

  constructor(data: ThreadData, log: Log, onEnd: (why: Error) => void, file: URL) {
    this.#worker = new Worker(file, { execArgv: [], workerData: data });
    const { promise: opened, ...open } = deferred<void>();
    this.opened = opened;
    const fail = (error: Error): void => {
      const isNew = this.#end === undefined && this.#facts !== undefined && !this.#isClosed;
      this.#end ??= error;
      if (isNew) onEnd(error);
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
