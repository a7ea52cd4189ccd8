import { parentPort, workerData } from "node:worker_threads";
import { CaffeError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import type { Asked, Failure, ThreadData, Told } from "./messages.ts";
import { memoryOf, OpenModel } from "./open-model.ts";

// A thread that opens one model and answers for it, one question after the other.

const tell = (told: Told, memory: readonly ArrayBuffer[] = []): void => {
  parentPort?.postMessage(told, memory);
};

try {
  const { plan, isShared, before } = workerData as ThreadData;
  const log: Log = (severity, source, message) => tell({ kind: "log", severity, source, message });
  const model = await OpenModel.open(plan, log, before);
  let last: Promise<void> = Promise.resolve();
  parentPort?.on("message", ({ number, question }: Asked) => {
    last = last.then(async () => {
      const from = performance.now();
      try {
        const answer = await model.ask(question);
        const milliseconds = performance.now() - from;
        tell({ kind: "answer", number, answer, milliseconds }, memoryOf(answer.outputs));
      } catch (error) {
        tell({ kind: "refused", number, failure: failureOf(error) });
      }
    });
  });
  tell({ kind: "open", facts: model.facts, weights: isShared ? model.share() : [] });
} catch (error) {
  tell({ kind: "failed", failure: failureOf(error) });
}

function failureOf(error: unknown): Failure {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { message, isCaffeError: error instanceof CaffeError, stack };
}
