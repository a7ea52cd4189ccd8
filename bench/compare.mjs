// Times nets with our engine, with PyTorch where python3-torch is there, and with BVLC Caffe where its `caffe` is on
// PATH, taking turns in one run. `npm run bench -- --help` tells how.
import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));
const all = readdirSync(join(here, "nets")).map((file) => basename(file, ".prototxt"));
const help = `Times forward passes (TEST), forward and backward, and training steps, beside PyTorch and BVLC Caffe where they are.

  npm run bench -- [NET …] [options]

NET is a prototxt, or one of ${all.join(", ")}; all of them by default.

  --rounds N      how often the programs take turns (5)
  --iterations N  passes of a turn, after three that warm up (20)
  --threads N     (2)
  --batch N       every net with this batch instead of its own; several (1,4,16): with one after the other
  --scaling       time our engine with one thread too, and tell how much faster ${"`--threads`"} are
  --alone         our engine only
  --peer NAME     torch or bvlc: only that one beside ours
  --engine NAME   native or reference (native)
  --clock cpu     the processor's time instead of the wall's, which other programs disturb less; for one thread

Prints medians, minima and ratios, GFLOP/s and their share of sgemm's (of minima), the start before the first pass, and
the peak of memory. All of it goes to bench/results as JSON.

  npm run bench -- lenet caffenet --rounds 3
  npm run bench -- resnet50 --batch 1 --iterations 50
  npm run bench -- --batch 1,2,4,8,16,32,64 --peer torch --rounds 2 --iterations 4
  npm run bench -- vgg16 --scaling --alone`;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    iterations: { type: "string", default: "20" },
    threads: { type: "string", default: "2" },
    batch: { type: "string" },
    scaling: { type: "boolean", default: false },
    alone: { type: "boolean", default: false },
    peer: { type: "string" },
    engine: { type: "string", default: "native" },
    clock: { type: "string", default: "wall" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit(0);
}
const { iterations, threads, engine, clock } = values;
const batches = values.batch?.split(",") ?? [undefined];
const compares = (peer) => !values.alone && (values.peer ?? peer) === peer;
if (clock === "cpu" && threads !== "1") throw new Error("--clock cpu is for --threads 1");
const nets = positionals.length > 0 ? positionals : all;
const python = "/usr/bin/python3";
const env = { ...process.env, ...(threads === "1" && { OMP_NUM_THREADS: "1" }) };
const quietly = { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], env };
const scratch = mkdtempSync(join(tmpdir(), "caffe-bench-"));

function torchIsThere() {
  try {
    const proto = join(here, "../proto");
    execFileSync(
      "protoc",
      [`--proto_path=${proto}`, `--python_out=${scratch}`, "caffe.proto"],
      quietly,
    );
    execFileSync(python, ["-c", "import torch, google.protobuf"], quietly);
    return true;
  } catch {
    return false;
  }
}

/** BVLC's program says of itself what ours does not: that it is built with glog's flags. */
function bvlcIsThere() {
  try {
    return /^caffe(\.bin)? version 1/.test(execFileSync("caffe", ["--version"], quietly));
  } catch {
    return false;
  }
}

const last = (text) => JSON.parse(text.trim().split("\n").at(-1));
const run = (program, args) => last(execFileSync(program, args, { ...quietly }));
const ours = (path, count = threads) =>
  run(process.execPath, [join(here, "ours.mjs"), path, iterations, count, engine, clock]);
const torch = (path) =>
  run(python, [join(here, "torch_net.py"), path, iterations, threads, scratch, clock]);
/** Passes by `caffe time`, and memory by a few iterations of `caffe train`: that keeps a history, as ours does. */
const bvlc = (path) => {
  const blas = `OPENBLAS_NUM_THREADS=${threads}`;
  const shell = (command) =>
    execFileSync("sh", ["-c", `${blas} ${command} 2>&1`], { ...quietly, maxBuffer: 2 ** 28 });
  const text = shell(`caffe time -model '${path}' -iterations ${iterations}`);
  const forwardBackward = [...text.matchAll(/forward-backward time: ([\d.]+) ms/g)].map(([, ms]) =>
    Number(ms),
  );
  const solver = join(scratch, "solver.prototxt");
  writeFileSync(
    solver,
    `net: ${JSON.stringify(path)} base_lr: 1e-5 lr_policy: "fixed" momentum: 0.9 weight_decay: 5e-4
     max_iter: 2 snapshot_after_train: false solver_mode: CPU`,
  );
  const [, kib] =
    /PEAK (\d+)/.exec(shell(`/usr/bin/time -f 'PEAK %M' caffe train -solver ${solver}`)) ?? [];
  return { forwardBackward, ...(kib && { memoryMiB: Number(kib) / 1024 }) };
};

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
const summary = (list) => ({ median: median(list), min: Math.min(...list) });
const sides = {
  ours: (path) => ours(path),
  ...(values.scaling && { oneThread: (path) => ours(path, "1") }),
  ...(compares("torch") && torchIsThere() && { torch }),
  ...(compares("bvlc") && bvlcIsThere() && { bvlc }),
};
if (compares("torch") && !sides.torch)
  console.log("python3-torch, python3-protobuf or protoc is missing: no PyTorch");
const results = [];

/** The net's prototxt, with another batch where one is asked for: the first dim of what DummyData makes. */
function prototxtOf(name, batch) {
  const path = existsSync(name) ? name : join(here, "nets", `${name}.prototxt`);
  if (!batch) return path;
  const changed = join(scratch, `${basename(path, ".prototxt")}_b${batch}.prototxt`);
  const text = readFileSync(path, "utf8");
  writeFileSync(changed, text.replace(/(shape\s*\{\s*dim:\s*)\d+/g, `$1${batch}`));
  return changed;
}

try {
  for (const path of nets.flatMap((name) => batches.map((batch) => prototxtOf(name, batch)))) {
    const taken = {};
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const [side, time] of Object.entries(sides)) {
        taken[side] ??= {};
        for (const [what, value] of Object.entries(time(path))) {
          taken[side][what] = [...(taken[side][what] ?? []), ...[value].flat()];
        }
      }
    }
    const [flops] = taken.ours.flops;
    const peak = Math.max(...taken.ours.peak);
    for (const what of ["forward", "forwardBackward", "step"]) {
      const row = { net: basename(path, ".prototxt"), what, times: {} };
      for (const side of Object.keys(sides)) {
        const list = taken[side][what];
        if (list?.length > 0) row.times[side] = summary(list);
      }
      const { min } = row.times.ours;
      row.gflops = ((what === "forward" ? 1 : 3) * flops) / min / 1e6;
      row.percentOfPeak = (100 * row.gflops) / peak;
      const show = ([side, s]) =>
        `${side} ${s.median.toFixed(1)} (min ${s.min.toFixed(1)})${side === "ours" ? "" : `, ${(s.median / row.times.ours.median).toFixed(2)}× ours (min ${(s.min / min).toFixed(2)})`}`;
      console.log(
        `${row.net} ${what}`.padEnd(30),
        `ms: ${Object.entries(row.times).map(show).join("; ")}; ${row.gflops.toFixed(0)} GFLOP/s, ${row.percentOfPeak.toFixed(0)} % of sgemm`,
      );
      results.push(row);
    }
    const memory = Object.fromEntries(
      Object.keys(sides)
        .filter((side) => taken[side].memoryMiB)
        .map((side) => [side, Math.max(...taken[side].memoryMiB)]),
    );
    const told = Object.entries(memory).map(([side, mib]) => `${side} ${mib.toFixed(0)}`);
    console.log(`${basename(path, ".prototxt")} memory`.padEnd(30), `MiB: ${told.join("; ")}`);
    const [build, start] = [summary(taken.ours.build), summary(taken.ours.start)];
    console.log(
      `${basename(path, ".prototxt")} start`.padEnd(30),
      `ms: net ${build.median.toFixed(0)} (min ${build.min.toFixed(0)}); from the program's start ${start.median.toFixed(0)} (min ${start.min.toFixed(0)})`,
    );
    const rest = { memory, build, start, sgemmPeak: peak };
    results.push({ net: basename(path, ".prototxt"), what: "memory and start", ...rest });
  }
} finally {
  rmSync(scratch, { recursive: true });
}
mkdirSync(join(here, "results"), { recursive: true });
const file = join(here, "results", `${new Date().toISOString().replace(/[:.]/g, "-")}.json`);
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, load: loadavg() };
writeFileSync(file, `${JSON.stringify({ settings: values, machine, results }, undefined, 2)}\n`);
console.log(`written to ${file}`);
