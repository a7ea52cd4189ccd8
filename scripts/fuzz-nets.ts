// Draws nets at random and runs them on every engine: npm run fuzz:nets -- [--nets 2000] [--seed N] [--first N]
// [--engines reference,wasm,native,webgpu] [--as trained|used|quantized]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createEngines } from "../src/engines/create.ts";
import { tryInference } from "../tests/fuzz/inference/inference-trial.ts";
import { tryQuantized } from "../tests/fuzz/inference/quantized-trial.ts";
import { Checker } from "../tests/fuzz/nets/checker.ts";
import { fuzzNet } from "../tests/fuzz/nets/fuzz.ts";
import { describeCase } from "../tests/fuzz/nets/fuzz-case.ts";

/** What becomes of a net: undefined where all is right. */
type Try = (number: number) => Promise<string | undefined>;

/** What nets are drawn for, and the engines that they run on where none are named. */
const ENGINES = {
  trained: "reference,wasm,native,webgpu",
  used: "wasm,native",
  quantized: "native",
} as const;

const { values } = parseArgs({
  options: {
    nets: { type: "string", default: "2000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
    first: { type: "string", default: "0" },
    as: { type: "string", default: "trained" },
    engines: { type: "string" },
  },
});
const { as } = values;
const [nets, seed, first] = [values.nets, values.seed, values.first].map(Number) as [
  number,
  number,
  number,
];
if (![nets, seed, first].every((number) => Number.isSafeInteger(number) && number >= 0)) {
  console.error("--nets, --seed and --first: expected whole numbers.");
  process.exit(2);
}
if (!isKind(as)) {
  console.error(`--as: expected ${Object.keys(ENGINES).join(", ")}.`);
  process.exit(2);
}
const engines = values.engines ?? ENGINES[as];
console.log(`${nets} nets from number ${first}, seed ${seed}, ${as}, on ${engines}`);

const checker = new Checker(engines.split(","));
const folder = mkdtempSync(join(tmpdir(), "caffe-fuzz-"));
const tries: Readonly<Record<keyof typeof ENGINES, () => Try>> = {
  trained: () => tryTrained,
  used: () => eachEngine((engine, number) => tryInference(engine, seed, number)),
  quantized: () => eachEngine((engine, number) => tryQuantized(engine, folder, seed, number)),
};
const tryNet = tries[as]();

let failed = 0;
for (let number = first; number < first + nets; number++) {
  const found = await tryNet(number);
  if (found === undefined) continue;
  failed++;
  console.log(`\nFAILED net ${number} ${found}`);
  console.log(
    `again: npm run fuzz:nets -- --seed ${seed} --first ${number} --nets 1 --engines ${engines} --as ${as}`,
  );
}
await checker.close();
rmSync(folder, { recursive: true, force: true });
console.log(`${nets - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

function isKind(kind: string): kind is keyof typeof ENGINES {
  return Object.hasOwn(ENGINES, kind);
}

/** Forward and backward, in a process of its own, and made small. */
async function tryTrained(number: number): Promise<string | undefined> {
  const found = await fuzzNet(checker, seed, number);
  if (!found) return undefined;
  const alone = found.isAlone
    ? ""
    : "It passes alone: what ran before it in one process has a part in this.\n";
  return `on ${found.way}: ${found.what}\n${found.text}\n${alone}${describeCase(found.smallest)}`;
}

/** As it is tried on one engine after the other. */
function eachEngine(
  one: (engines: ReturnType<typeof createEngines>, number: number) => Promise<boolean>,
): Try {
  const all = engines.split(",").map((name) => [name, createEngines({ prefer: name })] as const);
  return async (number) => {
    for (const [name, engine] of all) {
      try {
        await one(engine, number);
      } catch (error) {
        return `on ${name}: ${(error as Error).message}`;
      }
    }
    return undefined;
  };
}
