import { parentPort } from "node:worker_threads";
import { failureOf } from "../util/failure.ts";
import type { Log } from "../util/log.ts";
import type { Asked, Told } from "./messages.ts";

/** What a thread opened: what it says of itself, and how it answers. */
interface Answering<Opened, Question, Answer> {
  readonly opened: Opened;
  answer(question: Question): Promise<Answer>;
  /** The memory of an answer that is handed over, not copied. */
  memoryOf(answer: Answer): readonly ArrayBuffer[];
}

/**
 * The program of a thread that an `AskedThread` uses: it waits for what it begins with, opens something and answers for it, one question
 * after the other.
 * @param open what it is, from what the thread was given
 */
export function answerQuestions<Data, Opened, Question, Answer>(
  open: (data: Data, log: Log) => Promise<Answering<Opened, Question, Answer>>,
): void {
  const tell = (told: Told<Opened, Answer>, memory: readonly ArrayBuffer[] = []): void => {
    parentPort?.postMessage(told, memory);
  };
  const log: Log = (severity, source, message) => tell({ kind: "log", severity, source, message });
  parentPort?.once("message", async (data: Data) => {
    try {
      const answering = await open(data, log);
      let last: Promise<void> = Promise.resolve();
      parentPort?.on("message", ({ number, question }: Asked<Question>) => {
        last = last.then(async () => {
          try {
            const answer = await answering.answer(question);
            tell({ kind: "answer", number, answer }, answering.memoryOf(answer));
          } catch (error) {
            tell({ kind: "refused", number, failure: failureOf(error) });
          }
        });
      });
      tell({ kind: "open", opened: answering.opened });
    } catch (error) {
      tell({ kind: "failed", failure: failureOf(error) });
    }
  });
}
