// Builds every prototxt below a folder: npm run zoo -- DIR [--engine E] [--only PART-OF-NAME] [--every N]
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Engines } from "../../src/engines/choose.ts";
import { createEngines } from "../../src/engines/create.ts";
import { judgeFiles } from "./judge-files.ts";
import { shapesOnly } from "./shapes-only.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    engine: { type: "string" },
    only: { type: "string", default: "" },
    every: { type: "string", default: "1" },
  },
});
const [root] = positionals;
const every = Number(values.every);
if (!root || !existsSync(root) || !(every >= 1)) {
  console.error(
    "usage: npm run zoo -- DIR [--engine reference|native|webgpu] [--only PART-OF-NAME] [--every N]",
  );
  process.exit(2);
}
const engines: Engines = values.engine
  ? createEngines({ prefer: values.engine, log: () => {} })
  : [shapesOnly];

const { only } = values;
const counts = judgeFiles(root, { only, every }, engines, console.log);
console.log(`${counts.OTHER} of a layer type that BVLC Caffe does not have`);
console.log(`${counts.REFUSED} that BVLC Caffe refuses too: a fork's fields or values, or a fault`);
console.log(`${counts.ok} passed, ${counts.FAILED} failed`);
const isEmpty = Object.values(counts).every((count) => count === 0);
if (isEmpty) console.error(`no .prototxt with "${only}" in its name below ${root}.`);
process.exit(counts.FAILED > 0 || isEmpty ? 1 : 0);
