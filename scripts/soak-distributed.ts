// Kills ranks of trainings at random moments, by every update rule, lets them go on from their snapshots, and holds what they
// learn against runs that nothing happened to, bit by bit:
//
//     npm run soak:distributed [-- RULE… --kills 50 --ranks 2 --seed N]
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
import { updateRules } from "../tests/support/update-rules.ts";

const binary = fileURLToPath(new URL("../bin/caffe", import.meta.url));

const { values, positionals } = parseArgs({
  allowPositionals: true,
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

/** A run takes some ten seconds and writes some snapshots in each of them. */
const [ITERATIONS, EVERY] = [600, 10];
const [LONGEST_MS, END_MS] = [6000, 10_000];

if (!hasMpi) throw new Error(`it needs ${mpiNeeds}`);
const folder = mkdtempSync(join(tmpdir(), "caffe-soak-"));
const random = new Random(seed, "soak");
await writeSources(folder);

/** A solver's file, whose snapshots begin with that name. */
function solver(prefix: string, fields: string): string {
  const file = join(folder, `${prefix}.prototxt`);
  writeFileSync(
    file,
    `net_param { ${manySourcesNet(folder, 4)} } ${fields} lr_policy: "step" stepsize: 200 gamma: 0.5 random_seed: 7
     weight_decay: 0.001 iter_size: 2 max_iter: ${ITERATIONS} snapshot: ${EVERY} keep_last: 3
     snapshot_prefix: "${join(folder, prefix)}"`,
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

const all = Object.entries(updateRules);
const wanted = all.filter(([rule]) => positionals.length === 0 || positionals.includes(rule));
if (wanted.length < positionals.length) {
  throw new Error(`expected rules of ${Object.keys(updateRules).join(", ")}, not ${positionals}`);
}
console.log(`seed ${seed}: ${kills} kills of ${ranks} ranks; everything lies in ${folder}`);
for (const [i, [rule, fields]] of wanted.entries()) {
  const share =
    Math.floor((kills * (i + 1)) / wanted.length) - Math.floor((kills * i) / wanted.length);
  // Every rank does the whole update where gradients are clipped; without that they share it.
  const clips = i % 2 === 0 ? "clip_gradients: 5" : "";
  console.log(`${rule} ${clips}, ${share} kills:`);
  await soak(`type: "${rule}" ${fields} ${clips}`, share);
}
rmSync(folder, { recursive: true });

/** Kills a training so often, and sees that it learns what an untouched one does. */
async function soak(fields: string, kills: number): Promise<void> {
  await train(solver("whole", fields));
  const file = solver("killed", fields);
  for (let done = 0; done < kills; ) {
    if (!(await goOnAndKill(file))) {
      done++;
      continue;
    }
    check();
    forgetKilled();
  }
  await train(file, "--snapshot=auto");
  check();
  forgetKilled();
}

/** Lets the next run begin anew. */
function forgetKilled(): void {
  for (const name of readdirSync(folder)) {
    if (name.startsWith("killed_")) rmSync(join(folder, name));
  }
}

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
