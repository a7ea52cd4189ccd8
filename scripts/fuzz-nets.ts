// Draws nets at random and runs them on every engine: npm run fuzz:nets -- [--nets 2000] [--seed N] [--first N]
// [--engines reference,wasm,native,webgpu]
import { parseArgs } from "node:util";
import { Checker } from "../tests/fuzz/nets/checker.ts";
import { fuzzNet } from "../tests/fuzz/nets/fuzz.ts";
import { describeCase } from "../tests/fuzz/nets/fuzz-case.ts";

const { values } = parseArgs({
  options: {
    nets: { type: "string", default: "2000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
    first: { type: "string", default: "0" },
    engines: { type: "string", default: "reference,wasm,native,webgpu" },
  },
});
const [nets, seed, first] = [values.nets, values.seed, values.first].map(Number) as [
  number,
  number,
  number,
];
if (![nets, seed, first].every((number) => Number.isSafeInteger(number) && number >= 0)) {
  console.error("--nets, --seed and --first: expected whole numbers.");
  process.exit(2);
}
console.log(`${nets} nets from number ${first}, seed ${seed}, on ${values.engines}`);

const checker = new Checker(values.engines.split(","));
let failed = 0;
for (let number = first; number < first + nets; number++) {
  const found = await fuzzNet(checker, seed, number);
  if (!found) continue;
  failed++;
  console.log(`\nFAILED net ${number} on ${found.way}: ${found.what}\n${found.text}`);
  if (!found.isAlone)
    console.log("It passes alone: what ran before it in one process has a part in this.");
  console.log(describeCase(found.smallest));
  console.log(
    `again: npm run fuzz:nets -- --seed ${seed} --first ${number} --nets 1 --engines ${values.engines}`,
  );
}
await checker.close();
console.log(`${nets - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
