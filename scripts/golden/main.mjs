// Runs golden cases recorded from BVLC Caffe: npm run golden -- DIR [--engine E] [--only layers,nets,solvers,data]
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createEngines } from "../../dist/engines/create.js";
import { openGpu } from "../../dist/engines/webgpu/device.js";
import "../software-gpu.mjs";
import { Comparison, openCase } from "./arrays.mjs";
import { runDataCase, runToolCase } from "./data-case.mjs";
import { runNetCase } from "./net-case.mjs";
import { runSolverCase } from "./solver-case.mjs";

const runners = {
  layer: runNetCase,
  net: runNetCase,
  solver: runSolverCase,
  data: runDataCase,
  tool: runToolCase,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engine: { type: "string", default: "reference" },
    only: { type: "string", default: "layers,nets,solvers,data" },
  },
});
const [root] = positionals;
if (!root || !existsSync(root)) {
  console.error(
    "usage: npm run golden -- DIR [--engine reference|native|webgpu] [--only layers,nets,solvers,data]",
  );
  process.exit(2);
}
const gpu = values.engine === "webgpu" ? await openGpu() : undefined;
const engines = createEngines({ prefer: values.engine, ...(gpu && { gpu }), log: () => {} });

let passed = 0;
let failed = 0;
for (const group of values.only.split(",")) {
  const folder = join(root, group);
  if (!existsSync(folder)) continue;
  const before = { passed, failed };
  for (const name of readdirSync(folder).sort()) {
    if (!existsSync(join(folder, name, "case.json"))) continue;
    const failures = await run(join(folder, name));
    if (failures.length === 0) passed++;
    else {
      failed++;
      const more = failures.length > 1 ? ` (and ${failures.length - 1} more)` : "";
      console.log(`FAILED ${group}/${name}: ${failures[0].slice(0, 300)}${more}`);
    }
  }
  console.log(`${group}: ${passed - before.passed} passed, ${failed - before.failed} failed`);
}
console.log(`${passed} passed, ${failed} failed`);
if (passed + failed === 0) {
  console.error(
    `no case in ${root}. Expected ${values.only.split(",").join(", ")} with folders that hold a case.json.`,
  );
}
process.exit(failed > 0 || passed === 0 ? 1 : 0);

/** What is wrong with one case; empty where it passes. */
async function run(folder) {
  try {
    const golden = openCase(folder);
    const check = new Comparison(golden.info);
    const runner = runners[golden.info.kind];
    if (!runner) check.fail(`unknown kind ${golden.info.kind}`);
    else await runner(golden, engines, check);
    return check.failures;
  } catch (error) {
    return [error instanceof Error ? `${error.name}: ${error.message}` : String(error)];
  }
}
