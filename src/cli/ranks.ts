import { availableParallelism, cpus } from "node:os";
import type { Wire } from "../distributed/gradient-sums.ts";
import { joinRanks } from "../distributed/join.ts";
import { Ranks } from "../distributed/ranks.ts";
import type { World } from "../distributed/world.ts";
import { knownChoices } from "../engines/native/binding.ts";
import type { SharedTuning } from "../engines/native/tuner.ts";
import type { Log } from "../util/log.ts";
import { exitCodeOf } from "./exit-codes.ts";
import { hasEnded, processSpace } from "./neighbours.ts";
import { showError } from "./output.ts";
import type { NumberedGpu } from "./session.ts";

/**
 * Where all ranks find the same error, the first one tells it: the others wait so long for it to end them. Who tells that another
 * has ended stays so long, for the others to see which of them ended first.
 */
const PATIENCE_MS = 500;

/** What a command knows of the processes beside its own. */
export interface Side {
  /** The log, of which ranks above 0 write warnings and errors alone, with their number. */
  readonly log: Log;
  /** Undefined where its own is alone. */
  readonly others?: {
    readonly workers: Ranks;
    /** @throws CaffeError where they have not all the same */
    readonly agree: (what: string, own: string) => Promise<void>;
    /** This rank's number among those of its machine. */
    readonly localRank: number;
    /** Threads of this process that the machine has cores for. */
    readonly threads: number;
    /** Where ranks are threads, a GPU for each of them. */
    readonly gpus?: readonly NumberedGpu[];
    /** How this rank's engine of so many threads chooses algorithms: as rank 0 has in earlier runs; undefined for rank 0. */
    readonly tuning: (threads: number) => Promise<SharedTuning | undefined>;
  };
}

/**
 * Does a command's work: alone, or as one of the ranks that mpirun started. An error of one of them ends all.
 * @param wire what the elements of gradients are on their way
 * @throws what `work` throws, where the process is alone
 */
export async function besideOthers(
  log: Log,
  wire: Wire,
  work: (side: Side) => Promise<void>,
): Promise<void> {
  const world = await joinRanks(process.env, { space: processSpace(), hasEnded });
  if (!world) {
    await work({ log });
    return;
  }
  try {
    const here = world.hosts.filter((host) => host === world.host).length;
    const localRank = world.hosts.slice(0, world.rank).filter((host) => host === world.host).length;
    await work(sideOf(world, log, wire, { here, localRank }));
  } catch (error) {
    if (world.rank > 0 && !world.isBroken)
      await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    process.stderr.write(`${world.nameOf(world.rank)}, of ${world.count}:\n`);
    showError(error);
    if (world.isBroken) await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
    world.abort(exitCodeOf(error));
  }
  world.close();
}

/** What a rank knows of the others. */
export function sideOf(
  world: World,
  log: Log,
  wire: Wire,
  { here, localRank, gpus }: { here: number; localRank: number; gpus?: readonly NumberedGpu[] },
): Side {
  const workers = new Ranks(world, wire);
  return {
    log: logOfRank(world, log),
    others: {
      workers,
      agree: (what, own) => world.agree(what, own),
      localRank,
      threads: threadsOf(here),
      ...(gpus && { gpus }),
      tuning: (threads) => tuningOf(workers, threads, log),
    },
  };
}

function logOfRank({ rank }: World, log: Log): Log {
  if (rank === 0) return log;
  return (severity, source, message) => {
    if (severity !== "info") log(severity, source, `rank ${rank}: ${message}`);
  };
}

async function tuningOf(
  workers: Ranks,
  threads: number,
  log: Log,
): Promise<SharedTuning | undefined> {
  const { rank, count } = workers;
  const [known = {}] = await workers.share(rank === 0 ? knownChoices(threads, log) : {});
  return rank === 0 ? undefined : { name: `rank-${rank}-of-${count}`, known };
}

/** The cores that are left to this process, or a rank's share of the machine's. */
function threadsOf(ranksHere: number): number {
  return Math.min(availableParallelism(), Math.max(1, Math.floor(cpus().length / ranksHere)));
}
