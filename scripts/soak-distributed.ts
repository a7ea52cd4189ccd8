// Kills ranks of a training at random moments, lets it go on from its snapshots, and holds what it learns against a run that
// nothing happened to, bit by bit:
//
//     npm run soak:distributed [-- --kills 50] [--ranks 2] [--seed N]
//
// Every kill has to end the whole job within ten seconds and leave a snapshot to go on from. One of six hits mpirun itself.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Random } from "../src/util/random.ts";
import { manySourcesNet, writeSources } from "../tests/support/many-sources.ts";
import { hasMpi, mpiNeeds, startMpirun } from "../tests/support/mpi.ts";

const binary = fileURLToPath(new URL("../bin/caffe", import.meta.url));

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "50" },
    ranks: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
  },
});
const [kills, ranks, seed] = [values.kills, values.ranks, values.seed].map(Number) as [
  number,
  number,
  number,
];

/** A run takes some twenty seconds and writes a snapshot in each of them. */
const [ITERATIONS, EVERY] = [1500, 15];
const [LONGEST_MS, END_MS] = [6000, 10_000];

if (!hasMpi) throw new Error(`it needs ${mpiNeeds}`);
const folder = mkdtempSync(join(tmpdir(), "caffe-soak-"));
const random = new Random(seed, "soak");
await writeSources(folder);

/** A solver's file, whose snapshots begin with that name. */
function solver(prefix: string): string {
  const file = join(folder, `${prefix}.prototxt`);
  writeFileSync(
    file,
    `net_param { ${manySourcesNet(folder, 4)} } base_lr: 0.01 momentum: 0.9 lr_policy: "fixed" random_seed: 7
     clip_gradients: 5 max_iter: ${ITERATIONS} snapshot: ${EVERY} keep_last: 3 snapshot_prefix: "${join(folder, prefix)}"`,
  );
  return file;
}

const weightsOf = (prefix: string): Buffer =>
  readFileSync(join(folder, `${prefix}_iter_${ITERATIONS}.caffemodel`));

/** The ranks of a run. */
function processesOf(file: string): number[] {
  const { stdout } = spawnSync("pgrep", ["-f", `^${process.execPath} .*${file}`], {
    encoding: "utf8",
  });
  return stdout.split("\n").filter(Boolean).map(Number);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Lets a run go on, and kills one of its processes after a random time; whether it came to its end before. */
async function goOnAndKill(file: string): Promise<boolean> {
  const { child, said, ended } = startMpirun(
    ranks,
    [binary, "train", file, "--snapshot=auto"],
    folder,
  );
  // One of four hits it while it starts, however long that takes here.
  if (random.below(4) > 0) await said(/Starting Optimization/);
  const running = await Promise.race([
    ended.then((end) => end),
    pause(random.uniform() * LONGEST_MS).then(() => undefined),
  ]);
  if (running) {
    if (running.status !== 0) throw new Error(`it failed by itself:\n${running.stderr}`);
    return true;
  }
  const victims = processesOf(file);
  const victim =
    victims.length === 0 || random.below(6) === 0
      ? child.pid
      : victims[random.below(victims.length)];
  const since = Date.now();
  try {
    process.kill(victim as number, "SIGKILL");
  } catch {
    // It has come to its end in this moment.
  }
  await ended;
  while (processesOf(file).length > 0) {
    if (Date.now() - since > END_MS)
      throw new Error(`processes are left:\n${(await ended).stderr}`);
    await pause(50);
  }
  const seconds = ((Date.now() - since) / 1000).toFixed(1);
  const newest = readdirSync(folder)
    .flatMap((name) => /^killed_iter_(\d+)\.solverstate$/.exec(name)?.[1] ?? [])
    .map(Number);
  const whom = victim === child.pid ? "mpirun" : `rank process ${victim}`;
  console.log(
    `${whom} killed, all ended after ${seconds} s, newest snapshot ${Math.max(0, ...newest)}`,
  );
  return false;
}

console.log(`seed ${seed}: ${kills} kills of ${ranks} ranks; everything lies in ${folder}`);
await train(solver("whole"));
const file = solver("killed");
for (let done = 0; done < kills; ) {
  const isAtEnd = await goOnAndKill(file);
  if (!isAtEnd) {
    done++;
    continue;
  }
  check();
  for (const name of readdirSync(folder)) {
    if (name.startsWith("killed_")) rmSync(join(folder, name));
  }
}
await train(file, "--snapshot=auto");
check();
rmSync(folder, { recursive: true });

/** Lets a run come to its end. */
async function train(file: string, ...flags: readonly string[]): Promise<void> {
  const { status, stderr } = await startMpirun(ranks, [binary, "train", file, ...flags], folder)
    .ended;
  if (status !== 0) throw new Error(stderr);
}

function check(): void {
  if (!weightsOf("killed").equals(weightsOf("whole"))) {
    throw new Error(
      `the weights are others than those of the run that nothing happened to: ${folder}`,
    );
  }
  console.log("the run came to its end, with the same bits");
}
