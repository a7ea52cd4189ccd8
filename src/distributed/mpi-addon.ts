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

/** What OpenMPI, MPICH and Intel's MPI, and Slurm's srun tell a process of how many there are. */
const COUNTS = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS"] as const;

/** How many processes mpirun has started, this one with them; 1 without mpirun. */
export function launchedCount(environment: Readonly<Record<string, string | undefined>>): number {
  const given = COUNTS.map((name) => Number(environment[name] ?? 1));
  return Math.max(1, ...given.filter(Number.isSafeInteger));
}
