import { fileURLToPath } from "node:url";
import { isFile } from "../../io/files/file-system.ts";
import { AskedThread } from "../../threads/asked-thread.ts";
import { type Log, silent } from "../../util/log.ts";
import type { OpenBefore, Question, ThreadData } from "./messages.ts";
import type { ModelHost, Timed } from "./model-host.ts";
import type { ModelFacts } from "./model-plan.ts";
import type { SharedWeights } from "./shared-weights.ts";
import { areShort, ShortPassesNear } from "./short-passes.ts";
import { memoryOf } from "./tensors.ts";

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
    return await openNear(data, log);
  }
  let host: ModelHost | undefined;
  const thread = new ModelThread(data, log, (why) => onEnd(host ?? thread, why), file);
  await thread.opened;
  host = areShort(thread.facts)
    ? new ShortPassesNear(thread, openNearLater(thread, data, log))
    : thread;
  return host;
}

/** Here is loaded what nets need only where a model runs here. */
async function openNear(data: ThreadData, log: Log): Promise<ModelHost> {
  const { NearModel } = await import("./near-model.ts");
  return await NearModel.open(data, log);
}

/** The same model here, which its thread need not wait for. */
async function openNearLater(
  { facts, weights }: ModelThread,
  data: ThreadData,
  log: Log,
): Promise<ModelHost | undefined> {
  try {
    return await openNear({ ...data, isShared: false, before: { facts, weights } }, silent);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    log("warning", "serve", `Short passes of ${data.plan.model} take longer, in a thread: ${why}`);
    return undefined;
  }
}

class ModelThread implements ModelHost {
  readonly opened: Promise<void>;
  readonly #thread: AskedThread<OpenBefore, Question, Timed>;
  #open: OpenBefore | undefined;

  constructor(data: ThreadData, log: Log, onEnd: (why: Error) => void, file: URL) {
    this.#thread = new AskedThread({ file, data, what: "a model's thread", log, onEnd });
    this.opened = this.#thread.opened.then((open) => {
      this.#open = open;
    });
  }

  get facts(): ModelFacts {
    return (this.#open as OpenBefore).facts;
  }

  get weights(): SharedWeights {
    return (this.#open as OpenBefore).weights;
  }

  ask(question: Question): Promise<Timed> {
    return this.#thread.ask(question, memoryOf(question.inputs));
  }

  close(): Promise<void> {
    return this.#thread.close();
  }
}
