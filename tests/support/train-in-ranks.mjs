// What tests start, alone or by mpirun, on the built package: trains solvers one after the other, in as many ranks as there
// are, and writes what came of each, as rank 0 saw it. Run as: node train-in-ranks.mjs RUNS.json RESULTS.json
import { readFileSync, writeFileSync } from "node:fs";
import { hasEnded, processSpace } from "../../dist/cli/neighbours.js";
import { joinRanks } from "../../dist/distributed/join.js";
import { Ranks } from "../../dist/distributed/ranks.js";
import { createEngines } from "../../dist/engines/create.js";
import { openGpu } from "../../dist/engines/webgpu/device.js";
import { Solver } from "../../dist/solvers/solver.js";

/** Of a large parameter so many elements from all over it are told. */
const MOST_WEIGHTS = 2000;

/** What layers of MemoryData are given: 24 records of 1×2×3. */
const NUMBERS = Float32Array.from({ length: 24 * 6 }, (_, i) => ((i * 37) % 101) / 50 - 1);

const [, , runs, results] = process.argv;
const world = await joinRanks(process.env, { space: processSpace(), hasEnded });
const told = [];
for (const { solver: text, engine, iterations, wire } of JSON.parse(readFileSync(runs, "utf8"))) {
  const gpu = engine === "webgpu" ? await openGpu() : undefined;
  const workers = world && new Ranks(world, wire);
  const solver = Solver.parse(text, {
    engines: createEngines({ threads: 1, ...(gpu ? { gpu } : { prefer: engine }) }),
    sharesMemory: true,
    ...(workers && { workers }),
  });
  for (const layer of solver.net.layers) {
    if (layer.param.type === "MemoryData")
      layer.reset(
        NUMBERS,
        NUMBERS.map((_, i) => i % 3),
        24,
      );
  }
  const losses = [];
  solver.callbacks.push({ onIteration: ({ loss }) => void losses.push(loss) });
  await solver.step(iterations);
  await solver.net.paramsToHost();
  const blobs = solver.net.layers.flatMap((layer) => layer.blobs);
  const weights = blobs.map((blob) => {
    const every = Math.ceil(blob.count() / MOST_WEIGHTS);
    return [...blob.values().filter((_, i) => i % every === 0)];
  });
  told.push({ losses, weights, bytes: workers?.gradients.bytes ?? 0 });
  solver.close();
}
if (!world || world.rank === 0) writeFileSync(results, JSON.stringify(told));
world?.close();
