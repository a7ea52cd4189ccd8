// What training in ranks costs on this machine: N ranks of one thread and batch b beside one process of N threads and batch
// N·b, taking turns. Run as: npm run bench:distributed [-- NETS…]
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const RANKS = 2;
const ROUNDS = 3;
const program = fileURLToPath(new URL("steps.mjs", import.meta.url));

/** By net: images of a rank's batch, and steps. */
const cases: Readonly<Record<string, readonly [batch: number, steps: number]>> = {
  lenet: [32, 100],
  caffenet: [16, 8],
  resnet50: [4, 8],
  vgg16: [2, 6],
};

const wanted = process.argv.slice(2);
for (const [net, [batch, steps]] of Object.entries(cases)) {
  if (wanted.length > 0 && !wanted.includes(net)) continue;
  const path = fileURLToPath(new URL(`../nets/${net}.prototxt`, import.meta.url));
  const alone: number[] = [];
  const together: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    alone.push(run("node", [program, path, `${RANKS * batch}`, `${steps}`, `${RANKS}`]));
    const ranks = ["--allow-run-as-root", "--bind-to", "core", "-np", `${RANKS}`, "node"];
    together.push(run("mpirun", [...ranks, program, path, `${batch}`, `${steps}`, "1"]));
  }
  const [one, many] = [median(alone), median(together)];
  console.log(
    `${net}: one process ${one.toFixed(1)} ms, ${RANKS} ranks ${many.toFixed(1)} ms a step of ${RANKS * batch} images, ${(one / many).toFixed(3)} of its images/s`,
  );
}

function run(command: string, args: readonly string[]): number {
  return Number(execFileSync(command, args, { encoding: "utf8" }));
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
