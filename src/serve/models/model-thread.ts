import { AskedThread } from "../../threads/asked-thread.ts";
import { type Log, silent } from "../../util/log.ts";
import { isThere, modelThread, THREAD } from "./ahead.ts";
import type { OpenBefore, Question, ThreadData, Tune } from "./messages.ts";
import type { ModelHost, Timed } from "./model-host.ts";
import type { ModelFacts } from "./model-plan.ts";
import { areShort, ShortPassesNear } from "./short-passes.ts";
import { memoryOf } from "./tensors.ts";

/**
 * Opens a model in a thread of its own, and later here too where its passes are short; here alone where there is no compiled thread. It
 * answers when this is done; how long its passes take is found out afterwards.
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
  if (!isThere(file)) return await openNear(data, log);
  let host: ModelHost | undefined;
  const thread = new ModelThread(data, log, (why) => onEnd(host ?? thread, why), file);
  await thread.opened;
  // What another thread has found out holds here.
  if (data.before) return thread;
  const tuned = thread.tune();
  const isTuned = tuned.catch(() => undefined);
  host = new ShortPassesNear(thread, isTuned, openNearLater(thread, tuned, data, log));
  return host;
}

/** Here is loaded what nets need only where a model runs here. */
async function openNear(data: ThreadData, log: Log): Promise<ModelHost> {
  const { NearModel } = await import("./near-model.ts");
  return await NearModel.open(data, log);
}

/** The same model here, where its passes turn out to be short. */
async function openNearLater(
  thread: ModelThread,
  tuned: Promise<OpenBefore>,
  data: ThreadData,
  log: Log,
): Promise<ModelHost | undefined> {
  try {
    const before = await tuned;
    if (!areShort(before.facts)) return undefined;
    return await openNear({ ...data, isShared: false, before }, silent);
  } catch (error) {
    if (thread.hasEnded) return undefined;
    const why = error instanceof Error ? error.message : String(error);
    log("warning", "serve", `Short passes of ${data.plan.model} take longer, in a thread: ${why}`);
    return undefined;
  }
}

class ModelThread implements ModelHost {
  readonly opened: Promise<void>;
  readonly #thread: AskedThread<ModelFacts, Question | Tune, Timed | OpenBefore | undefined>;
  #facts: ModelFacts | undefined;
  #hasEnded = false;

  constructor(data: ThreadData, log: Log, onEnd: (why: Error) => void, file: URL) {
    const ended = (why: Error): void => {
      this.#hasEnded = true;
      onEnd(why);
    };
    const worker = modelThread(file);
    this.#thread = new AskedThread({ worker, data, what: "a model's thread", log, onEnd: ended });
    this.opened = this.#thread.opened.then((facts) => {
      this.#facts = facts;
    });
  }

  /** Whether it was closed, or has ended otherwise. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get facts(): ModelFacts {
    return this.#facts as ModelFacts;
  }

  async ask(question: Question): Promise<Timed> {
    return (await this.#thread.ask(question, memoryOf(question.inputs))) as Timed;
  }

  /** Lets it find out how fast it is, step by step between what others ask. */
  async tune(): Promise<OpenBefore> {
    let tuned: OpenBefore | undefined;
    while (!tuned) tuned = (await this.#thread.ask({ tune: true })) as OpenBefore | undefined;
    this.#facts = tuned.facts;
    return tuned;
  }

  close(): Promise<void> {
    this.#hasEnded = true;
    return this.#thread.close();
  }
}
