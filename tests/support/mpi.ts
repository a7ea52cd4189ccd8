import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { startProgram } from "./cli.ts";

/** What tests of several processes need, for a skipped one's name. */
export const mpiNeeds = "OpenMPI: npm run setup -- --mpi";

const addon = new URL("../../build/Release/caffe_mpi.node", import.meta.url).pathname;

/** Whether several processes can be started here that know of one another. */
export const hasMpi: boolean = spawnSync("mpirun", ["--version"]).status === 0 && existsSync(addon);

/** Ranks are more than cores, and tests may run as root; loopback is enough, and quicker to find than networks. */
const FLAGS = [
  "--allow-run-as-root",
  "--oversubscribe",
  ...["--bind-to", "none"],
  ...["--mca", "btl", "self,vader"],
  ...["--mca", "mpi_yield_when_idle", "1"],
];

/** Runs so many ranks of a command of node to their end. */
export function mpirun(
  ranks: number,
  args: readonly string[],
  cwd?: string,
  env: Readonly<Record<string, string>> = {},
): SpawnSyncReturns<string> {
  return spawnSync("mpirun", [...FLAGS, "-np", String(ranks), process.execPath, ...args], {
    encoding: "utf8",
    timeout: 100_000,
    env: { ...process.env, OMP_NUM_THREADS: "1", ...env },
    ...(cwd !== undefined && { cwd }),
  });
}

/** Starts them; mpirun hands on a request to end after two seconds, and kills two seconds later. */
export function startMpirun(
  ranks: number,
  args: readonly string[],
  cwd: string,
): ReturnType<typeof startProgram> {
  const patient = ["--mca", "odls_base_sigkill_timeout", "2"];
  const own = [...FLAGS, ...patient, "-np", String(ranks), process.execPath, ...args];
  return startProgram("mpirun", own, cwd);
}
