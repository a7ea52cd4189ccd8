// Runs golden cases recorded from BVLC Caffe: npm run golden -- DIR [--engine E] [--only layers,nets,solvers,data]
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createEngines } from "../../src/engines/create.ts";
import { openGpu } from "../../src/engines/webgpu/device.ts";
import "../software-gpu.ts";
import { Comparison } from "./comparison.ts";
import { runDataCase } from "./data-case.ts";
import { runEvalCase } from "./eval-case.ts";
import { type GoldenCase, openCase } from "./golden-case.ts";
import { runNetCase } from "./net-case.ts";
import { runSolverCase } from "./solver-case.ts";
import { runToolCase } from "./tool-case.ts";

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
    "usage: npm run golden -- DIR [--engine reference|wasm|native|webgpu] [--only layers,nets,solvers,data]",
  );
  process.exit(2);
}
const gpu = values.engine === "webgpu" ? await openGpu() : undefined;
const engines = createEngines({ prefer: values.engine, ...(gpu && { gpu }), log: () => {} });

let passed = 0;
let failed = 0;
let notCompared = 0;
for (const group of values.only.split(",")) {
  const folder = join(root, group);
  if (!existsSync(folder)) continue;
  const before = { passed, failed };
  for (const name of readdirSync(folder).sort()) {
    if (!existsSync(join(folder, name, "case.json"))) continue;
    const { failures, why } = await resultOf(join(folder, name));
    const [first, ...others] = failures;
    if (first === undefined && why !== undefined) {
      notCompared++;
      console.log(`NOT COMPARED ${group}/${name}: ${why}`);
    } else if (first === undefined) passed++;
    else {
      failed++;
      const more = others.length > 0 ? ` (and ${others.length} more)` : "";
      console.log(`FAILED ${group}/${name}: ${first.slice(0, 300)}${more}`);
    }
  }
  console.log(`${group}: ${passed - before.passed} passed, ${failed - before.failed} failed`);
}
const rest = notCompared > 0 ? `, ${notCompared} not compared` : "";
console.log(`${passed} passed, ${failed} failed${rest}`);
if (passed + failed === 0) {
  console.error(
    `no case in ${root}. Expected ${values.only.split(",").join(", ")} with folders that hold a case.json.`,
  );
}
process.exit(failed > 0 || passed === 0 ? 1 : 0);

/** What is wrong with one case, and why it says nothing where its numbers cannot be compared. */
async function resultOf(
  folder: string,
): Promise<{ readonly failures: readonly string[]; readonly why?: string | undefined }> {
  try {
    const golden = openCase(folder);
    const check = new Comparison(golden.info);
    await runCase(golden, check);
    return { failures: check.failures, why: check.notCompared };
  } catch (error) {
    return {
      failures: [error instanceof Error ? `${error.name}: ${error.message}` : String(error)],
    };
  }
}

async function runCase({ info, ...files }: GoldenCase, check: Comparison): Promise<void> {
  switch (info.kind) {
    case "layer":
    case "net":
      return runNetCase({ ...files, info }, engines, check);
    case "solver":
      return runSolverCase({ ...files, info }, engines, check);
    case "data":
      return runDataCase({ ...files, info }, engines, check);
    case "eval":
      return runEvalCase({ ...files, info }, engines, check);
    case "tool":
      return runToolCase({ ...files, info }, check);
    default:
      check.fail(`unknown kind ${(info as { kind: unknown }).kind}`);
  }
}
