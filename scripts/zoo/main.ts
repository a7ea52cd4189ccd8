// Builds every prototxt below a folder: npm run zoo -- DIR [--engine E] [--only PART-OF-NAME] [--every N]
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Engines } from "../../src/engines/choose.ts";
import { createEngines } from "../../src/engines/create.ts";
import { judge } from "./judge.ts";
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

const counts = { ok: 0, OTHER: 0, REFUSED: 0, FAILED: 0 };
const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".prototxt") && file.includes(values.only))
  .sort()
  .filter((_, i) => i % every === 0);
for (const file of files) {
  const { kind, verdict, text } = judge(join(root, file), engines);
  counts[verdict]++;
  const reason = text.replaceAll(`${join(root, file)}:`, "line ").slice(0, 300);
  console.log(`${verdict.padEnd(8)}${kind.padEnd(7)}${file}: ${reason}`);
}
console.log(`${counts.OTHER} of a layer type that BVLC Caffe does not have`);
console.log(`${counts.REFUSED} that BVLC Caffe refuses too: a fork's fields or values, or a fault`);
console.log(`${counts.ok} passed, ${counts.FAILED} failed`);
if (files.length === 0)
  console.error(`no .prototxt with "${values.only}" in its name below ${root}.`);
process.exit(counts.FAILED > 0 || files.length === 0 ? 1 : 0);
