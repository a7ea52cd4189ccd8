import { ThreadCommunicator } from "../distributed/thread-communicator.ts";
import { answerQuestions } from "../threads/answering.ts";
import { type GpuThreadPlan, sideOfThread } from "./gpu-threads.ts";
import { trainAsRank } from "./training.ts";

// A thread that trains on one of several GPUs, beside the others.

answerQuestions<GpuThreadPlan, undefined, "train", undefined>(async (plan, log) => ({
  opened: undefined,
  async answer() {
    try {
      await trainAsRank(plan.flags, await sideOfThread(plan, log));
    } catch (error) {
      ThreadCommunicator.tellFailure(plan.place, plan.place.rank);
      throw error;
    }
    return undefined;
  },
  memoryOf: () => [],
}));
