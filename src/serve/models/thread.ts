import { parentPort, workerData } from "node:worker_threads";
import { failureOf } from "../../util/failure.ts";
import type { Log } from "../../util/log.ts";
import type { Asked, ThreadData, Told } from "./messages.ts";
import { memoryOf, OpenModel } from "./open-model.ts";
import { areShort } from "./short-passes.ts";

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
  const isUsed = isShared || areShort(model.facts);
  tell({ kind: "open", facts: model.facts, weights: isUsed ? model.share() : [] });
} catch (error) {
  tell({ kind: "failed", failure: failureOf(error) });
}
