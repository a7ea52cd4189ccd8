import { loadAddonFile } from "../addons/addon-file.ts";
import { CaffeError } from "../util/errors.ts";
import type { Communicator, MachineMemory } from "./communicator.ts";

/** What native/mpi/mpi.cc offers. */
interface MpiAddon extends Communicator, MachineMemory {}

/**
 * The addon.
 * @throws CaffeError where it has not been built, or cannot be loaded
 */
export function mpiAddon(): MpiAddon {
  try {
    return loadAddonFile("caffe_mpi") as MpiAddon;
  } catch (error) {
    throw new CaffeError(
      "mpirun has started several processes, and the addon that lets them train together has not been built. Run npm run setup -- --mpi, which installs OpenMPI (Debian: libopenmpi-dev, openmpi-bin) and builds it.",
      { cause: error },
    );
  }
}

/** What OpenMPI, MPICH and Intel's MPI, and `srun --mpi=pmi2` tell a process of how many there are. */
const COUNTS = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS"] as const;
/** With `srun --mpi=pmix` none of them is there: it gives a rank, and Slurm the number of the step's tasks. */
const [PMIX, SLURM] = ["PMIX_RANK", "SLURM_STEP_NUM_TASKS"] as const;

/** How many processes mpirun or srun has started, this one with them; 1 without them. */
export function launchedCount(environment: Readonly<Record<string, string | undefined>>): number {
  const given = COUNTS.flatMap((name) => environment[name] ?? []);
  const slurm = environment[PMIX] === undefined ? undefined : environment[SLURM];
  const counts = (given.length > 0 ? given : [slurm ?? "1"]).map(Number);
  return Math.max(1, ...counts.filter(Number.isSafeInteger));
}
