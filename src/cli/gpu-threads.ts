import { meetRanks } from "../distributed/join.ts";
import { ThreadCommunicator, type ThreadPlace } from "../distributed/thread-communicator.ts";
import { World } from "../distributed/world.ts";
import { AskedThread } from "../threads/asked-thread.ts";
import { startThread } from "../threads/start-thread.ts";
import { CaffeError } from "../util/errors.ts";
import type { Log } from "../util/log.ts";
import { within } from "../util/promises.ts";
import { type Side, sideOf } from "./ranks.ts";
import type { NumberedGpu } from "./session.ts";
import type { TrainingFlags } from "./training.ts";

/** The program of a thread: as this module, a source or compiled. */
const THREAD = new URL(
  import.meta.url.endsWith(".ts") ? "./gpu-thread.ts" : "./gpu-thread.js",
  import.meta.url,
);

/** After an error of one, the others have so long to end by themselves. */
const PATIENCE_MS = 5000;

/** What a thread begins with. */
export interface GpuThreadPlan {
  readonly place: ThreadPlace;
  readonly gpus: readonly NumberedGpu[];
  readonly flags: TrainingFlags;
}

/**
 * Trains on several GPUs, each in a thread of its own: what this thread does, as rank 0, is `work`.
 * @throws the error of the first that fails, which ends all
 */
export async function besideThreads(
  gpus: readonly NumberedGpu[],
  flags: TrainingFlags,
  log: Log,
  work: (side: Side) => Promise<void>,
): Promise<void> {
  const hosts = gpus.map(({ number }) => `GPU ${number}`);
  const common = { hosts, memory: ThreadCommunicator.memoryFor(gpus.length) };
  const errors: Error[] = [];
  const threads = gpus.slice(1).map(({ number }, i) => {
    const data: GpuThreadPlan = { place: { ...common, rank: i + 1 }, gpus, flags };
    return new AskedThread<undefined, "train", undefined>({
      ...{ worker: startThread(THREAD), data, what: `the thread of GPU ${number}`, log },
      onEnd: ({ message }) => {
        errors[i + 1] = new CaffeError(
          `${message}, and the others cannot go on without it. Of what it computed the last snapshot is whole: --snapshot=auto goes on from that.`,
        );
      },
    });
  });
  const ends = [
    sideOfThread({ place: { ...common, rank: 0 }, gpus, flags }, log).then(work),
    ...threads.map(trained),
  ].map((end, rank) =>
    end.catch((error: Error) => {
      // One that has ended without a word could not tell it itself.
      ThreadCommunicator.tellFailure(common, rank);
      errors[rank] ??= error;
    }),
  );
  await ends[0];
  const all = Promise.all(ends);
  await (errors.length > 0 ? within(PATIENCE_MS, all) : all);
  await Promise.all(threads.map((thread) => thread.close()));
  const failed = ThreadCommunicator.failedRank(common);
  if (failed !== undefined) throw errors[failed];
}

/** What a rank that is a thread knows of the others. */
export async function sideOfThread({ place, gpus, flags }: GpuThreadPlan, log: Log): Promise<Side> {
  const world = new World(new ThreadCommunicator(place));
  await meetRanks(world);
  const { rank, count } = world;
  return sideOf(world, log, flags.allreduce, { here: count, localRank: rank, gpus });
}

async function trained(thread: AskedThread<undefined, "train", undefined>): Promise<void> {
  await thread.opened;
  await thread.ask("train");
}
