import { answerQuestions } from "../../threads/answering.ts";
import type { OpenBefore, Question, ThreadData } from "./messages.ts";
import type { Timed } from "./model-host.ts";
import { OpenModel } from "./open-model.ts";
import { areShort } from "./short-passes.ts";
import { memoryOf } from "./tensors.ts";

// A thread that opens one model and answers for it.

await answerQuestions<ThreadData, OpenBefore, Question, Timed>(
  async ({ plan, isShared, before }, log) => {
    const model = await OpenModel.open(plan, log, before);
    const { facts } = model;
    const isUsed = isShared || areShort(facts);
    return {
      opened: { facts, weights: isUsed ? model.share() : [] },
      async answer(question) {
        const from = performance.now();
        const answer = await model.ask(question);
        return { answer, milliseconds: performance.now() - from };
      },
      memoryOf: ({ answer }) => memoryOf(answer.outputs),
    };
  },
);
