import { answerQuestions } from "../../threads/answering.ts";
import type { OpenBefore, Question, ThreadData, Tune } from "./messages.ts";
import type { Timed } from "./model-host.ts";
import type { ModelFacts } from "./model-plan.ts";
import { OpenModel } from "./open-model.ts";
import { areShort } from "./short-passes.ts";
import { memoryOf } from "./tensors.ts";
import { TunedModel } from "./tuning.ts";

// A thread that opens one model and answers for it.

answerQuestions<ThreadData, ModelFacts, Question | Tune, Timed | OpenBefore | undefined>(
  async ({ plan, isShared, before }, log) => {
    const tuned = new TunedModel(await OpenModel.open(plan, log, before), plan);
    return {
      opened: tuned.model.facts,
      async answer(question) {
        if ("tune" in question) {
          const found = await tuned.tune();
          const isUsed = isShared || (found && areShort(found));
          return found && { facts: found, weights: isUsed ? tuned.model.share() : [] };
        }
        const from = performance.now();
        const answer = await tuned.model.ask(question);
        return { answer, milliseconds: performance.now() - from };
      },
      memoryOf: (told) => (told && "answer" in told ? memoryOf(told.answer.outputs) : []),
    };
  },
);
