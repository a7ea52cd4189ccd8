import { existsSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { dirname, join } from "node:path";

/** Bytes that a compiler of vector loops takes at most. */
const OF_A_COMPILER = 2 ** 31;

/**
 * Variables for node-gyp: it takes the headers that came with Node, so that it need not fetch them, and runs as many compilers at once
 * as there are cores, and memory for; JOBS says another number.
 */
export function nodeGypSettings() {
  const prefix = dirname(dirname(process.execPath));
  const jobs = Math.min(availableParallelism(), Math.floor(totalmem() / OF_A_COMPILER));
  return {
    ...(existsSync(join(prefix, "include/node/node.h")) && { npm_config_nodedir: prefix }),
    JOBS: process.env.JOBS ?? String(Math.max(1, jobs)),
  };
}
