import type { Worker } from "node:worker_threads";
import { CaffeError } from "../util/errors.ts";
import { errorOf } from "../util/failure.ts";
import type { Log } from "../util/log.ts";
import { deferred } from "../util/promises.ts";
import type { Asked, Told } from "./messages.ts";

/** A thread that has been started, and what it is to do. */
interface ThreadStart {
  /** Its program calls `answerQuestions`. */
  readonly worker: Worker;
  /** What it begins with. */
  readonly data: unknown;
  /** What it is, for messages: "a model's thread". */
  readonly what: string;
  readonly log: Log;
  /** Is told that it has ended though nobody closed it. */
  readonly onEnd?: (why: Error) => void;
}

interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** A thread that opens something and answers questions about it, each by its number. */
export class AskedThread<Opened, Question, Answer> {
  /** What was opened. @throws the error that kept it from that */
  readonly opened: Promise<Opened>;
  readonly #worker: Worker;
  readonly #what: string;
  readonly #waiting = new Map<number, Waiting<Answer>>();
  #asked = 0;
  #end: Error | undefined;
  #isOpen = false;
  #isClosed = false;

  /** @throws CaffeError where what it begins with is no plain data */
  constructor({ worker, data, what, log, onEnd }: ThreadStart) {
    this.#what = what;
    this.#worker = worker;
    worker.ref();
    try {
      sending(what, () => worker.postMessage(data));
    } catch (error) {
      void worker.terminate();
      throw error;
    }
    const { promise: opened, ...open } = deferred<Opened>();
    this.opened = opened;
    const fail = (error: Error): void => {
      const isNew = this.#end === undefined && this.#isOpen && !this.#isClosed;
      this.#end ??= error;
      if (isNew) onEnd?.(error);
      open.reject(this.#end);
      for (const { reject } of this.#waiting.values()) reject(this.#end);
      this.#waiting.clear();
    };
    this.#worker.on("error", fail);
    this.#worker.on("messageerror", fail);
    this.#worker.on("exit", (code) => fail(new Error(`${what} ended, exit code ${code}`)));
    this.#worker.on("message", (told: Told<Opened, Answer>) => {
      if (told.kind === "log") log(told.severity, told.source, told.message);
      else if (told.kind === "failed") fail(errorOf(told.failure));
      else if (told.kind === "open") {
        this.#isOpen = true;
        open.resolve(told.opened);
        this.#rest();
      } else this.#settle(told);
    });
  }

  /**
   * The answer to a question.
   * @param memory of it that is handed over, not copied
   * @throws what answering threw; CaffeError where the question is no plain data; an Error where the thread has ended
   */
  ask(question: Question, memory: readonly ArrayBuffer[] = []): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#end) return reject(this.#end);
      const asked: Asked<Question> = { number: this.#asked++, question };
      // What cannot be copied is refused here, and leaves nobody waiting.
      sending(this.#what, () => this.#worker.postMessage(asked, memory));
      this.#waiting.set(asked.number, { resolve, reject });
      this.#worker.ref();
    });
  }

  #settle(told: Extract<Told<Opened, Answer>, { readonly number: number }>): void {
    const waiting = this.#waiting.get(told.number);
    this.#waiting.delete(told.number);
    if (told.kind === "refused") waiting?.reject(errorOf(told.failure));
    else waiting?.resolve(told.answer);
    this.#rest();
  }

  /** It keeps a program from ending only while something is awaited. */
  #rest(): void {
    if (this.#waiting.size === 0) this.#worker.unref();
  }

  /** Ends it; what it has not answered by then is rejected. */
  async close(why?: Error): Promise<void> {
    this.#isClosed = true;
    this.#end ??= why;
    await this.#worker.terminate();
  }
}

/** What a thread is given is copied to it, which the system refuses for functions and for memory that is elsewhere by now. */
function sending<T>(what: string, send: () => T): T {
  try {
    return send();
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    throw new CaffeError(
      `${what} is given what cannot be copied to it (${error.message}). Expected plain data: texts, numbers, lists, arrays.`,
      { cause: error },
    );
  }
}
