import { parentPort, workerData } from "node:worker_threads";
import { CaffeError } from "../../util/errors.ts";
import type { Asked, Failure, Told } from "./messages.ts";
import type { ModelPlan } from "./model-plan.ts";
import { memoryOf, OpenModel } from "./open-model.ts";

// A thread that opens one model and answers for it, one question after the other.

const tell = (told: Told, memory: readonly ArrayBuffer[] = []): void => {
  parentPort?.postMessage(told, memory);
};

try {
  const model = await OpenModel.open(workerData as ModelPlan, (severity, source, message) => {
    tell({ kind: "log", severity, source, message });
  });
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
  tell({ kind: "open", facts: model.facts });
} catch (error) {
  tell({ kind: "failed", failure: failureOf(error) });
}

function failureOf(error: unknown): Failure {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { message, isCaffeError: error instanceof CaffeError, stack };
}
