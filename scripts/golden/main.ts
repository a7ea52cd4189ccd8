// Runs golden cases recorded from BVLC Caffe: npm run golden -- DIR [--engine E] [--only layers,nets,solvers,data]
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { createEngines } from "../../src/engines/create.ts";
import { openGpu } from "../../src/engines/webgpu/device.ts";
import "../software-gpu.ts";
import { groups, runCases } from "./run-cases.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engine: { type: "string", default: "reference" },
    only: { type: "string", default: groups.join() },
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
const only = values.only.split(",");
const { passed, failed, notCompared } = await runCases(root, only, engines, console.log);
const rest = notCompared > 0 ? `, ${notCompared} not compared` : "";
console.log(`${passed} passed, ${failed} failed${rest}`);
if (passed + failed === 0) {
  console.error(
    `no case in ${root}. Expected ${only.join(", ")} with folders that hold a case.json.`,
  );
}
process.exit(failed > 0 || passed === 0 ? 1 : 0);
