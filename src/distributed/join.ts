import { CaffeError } from "../util/errors.ts";
import { chosenSeed, setRandomSeed } from "../util/seed.ts";
import { version } from "../util/version.ts";
import { launchedCount, mpiAddon } from "./mpi-addon.ts";
import { type Sight, World } from "./world.ts";

/**
 * Joins the processes that mpirun started, where it started several; undefined where this one is alone.
 *
 * All draw their random numbers from one seed then: what `setRandomSeed` was given, or one that rank 0 draws.
 * @param sight lets a rank see that another one on its machine has died; without it they wait until mpirun ends them
 * @throws CaffeError where the addon is missing or of another MPI, or the processes are of different versions or got different seeds
 */
export async function joinRanks(
  environment: Readonly<Record<string, string | undefined>>,
  sight?: Sight,
): Promise<World | undefined> {
  const launched = launchedCount(environment);
  if (launched === 1) return undefined;
  const addon = mpiAddon();
  const world = new World(addon, addon);
  if (world.count === 1) {
    world.close();
    throw new CaffeError(
      `${launched} processes have been started, and each knows of itself alone: what has started them is of another MPI than the addon, or speaks to it in another way. Expected the mpirun that belongs to the mpicc which built it, or srun with the right --mpi (srun --mpi=list).`,
    );
  }
  await meetRanks(world, sight);
  return world;
}

/**
 * Lets ranks know one another, and draw their random numbers from one seed.
 * @throws CaffeError where they are of different versions or got different seeds
 */
export async function meetRanks(world: World, sight?: Sight): Promise<void> {
  await world.introduce(sight);
  await world.agree("caffe-ts", `version ${version}`);
  await world.agree("the seed", String(chosenSeed() ?? "none"));
  const seed = Float64Array.of(chosenSeed() ?? Math.floor(Math.random() * 2 ** 32));
  await world.broadcast(seed);
  setRandomSeed(seed[0] as number);
}
