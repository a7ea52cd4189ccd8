// Reads damaged files for a while: npm run fuzz -- [--runs 2000] [--seed N]
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "2000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
  },
});
console.log(`${values.runs} damaged files of each kind, seed ${values.seed}`);
const { status } = spawnSync("npx", ["vitest", "run", "tests/fuzz"], {
  stdio: "inherit",
  env: { ...process.env, FUZZ_RUNS: values.runs, FUZZ_SEED: values.seed },
});
process.exitCode = status ?? 1;
