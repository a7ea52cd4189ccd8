// Times nets with our engine, with PyTorch where python3-torch is there, and with BVLC Caffe where its `caffe` is on
// PATH, taking turns in one run. `npm run bench -- --help` tells how.
import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from "node:child_process";
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
import { median } from "./median.ts";

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
  --bf16          time our engine with --precision=bf16 too, and PyTorch under autocast to bfloat16
  --channels-last time PyTorch with channels last too
  --compile       time PyTorch with channels last and torch.compile too (PyTorch 2, and a C++ compiler)
  --alone         our engine only
  --peer NAME     torch or bvlc: only that one beside ours
  --python FILE   a Python that has torch and protobuf (/usr/bin/python3)
  --engine NAME   native or reference (native)
  --clock cpu     the processor's time instead of the wall's, which other programs disturb less; for one thread

Prints medians, minima and ratios, GFLOP/s and their share of sgemm's (of minima), the start before the first pass, and
the peak of memory. All of it goes to bench/results as JSON.

  npm run bench -- lenet caffenet --rounds 3
  npm run bench -- resnet50 --batch 1 --iterations 50
  npm run bench -- --batch 1,2,4,8,16,32,64 --peer torch --rounds 2 --iterations 4
  npm run bench -- vgg16 --scaling --alone`;

/** What a program measured: milliseconds of each pass, and what it tells once. */
type Measured = Readonly<Record<string, number | readonly number[]>>;
type Measure = (path: string) => Measured;

interface Summary {
  readonly median: number;
  readonly min: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    iterations: { type: "string", default: "20" },
    threads: { type: "string", default: "2" },
    batch: { type: "string" },
    scaling: { type: "boolean", default: false },
    "channels-last": { type: "boolean", default: false },
    compile: { type: "boolean", default: false },
    alone: { type: "boolean", default: false },
    bf16: { type: "boolean", default: false },
    peer: { type: "string" },
    python: { type: "string", default: "/usr/bin/python3" },
    engine: { type: "string", default: "native" },
    clock: { type: "string", default: "wall" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit(0);
}
const { iterations, threads, engine, clock, python } = values;
const batches = values.batch?.split(",") ?? [undefined];
const compares = (peer: string): boolean => !values.alone && (values.peer ?? peer) === peer;
if (clock === "cpu" && threads !== "1") throw new Error("--clock cpu is for --threads 1");
const nets = positionals.length > 0 ? positionals : all;
const env = {
  ...process.env,
  ...(threads === "1" && { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" }),
};
const quietly: ExecFileSyncOptionsWithStringEncoding = {
  encoding: "utf8",
  stdio: ["ignore", "pipe", "ignore"],
  env,
};
const scratch = mkdtempSync(join(tmpdir(), "caffe-bench-"));

function torchIsThere(): boolean {
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
function bvlcIsThere(): boolean {
  try {
    return /^caffe(\.bin)? version 1/.test(execFileSync("caffe", ["--version"], quietly));
  } catch {
    return false;
  }
}

/** Runs a program that ends with a line of JSON. */
const run = (program: string, args: readonly string[]): Measured =>
  JSON.parse(execFileSync(program, args, quietly).trim().split("\n").at(-1)!);
const ours = (path: string, count = threads, precision = "f32"): Measured =>
  run(process.execPath, [
    join(here, "ours.mjs"),
    path,
    iterations,
    count,
    engine,
    clock,
    precision,
  ]);
const torch =
  (...forms: readonly string[]): Measure =>
  (path) =>
    run(python, [join(here, "torch_net.py"), path, iterations, threads, scratch, clock, ...forms]);
/** PyTorch as a net is usually run, with channels last, compiled, and each under autocast to bfloat16. */
const torchSides = (): Readonly<Record<string, Measure>> => ({
  torch: torch(),
  ...(values["channels-last"] && { torchLast: torch("channels_last") }),
  ...(values.bf16 && { torchBf16: torch("bf16") }),
  ...(values.bf16 && values["channels-last"] && { torchBf16Last: torch("bf16", "channels_last") }),
  ...(values.compile && { torchCompiled: torch("compile", "channels_last") }),
  ...(values.compile &&
    values.bf16 && { torchBf16Compiled: torch("compile", "bf16", "channels_last") }),
});
/** Passes by `caffe time`, and memory by a few iterations of `caffe train`: that keeps a history, as ours does. */
const bvlc: Measure = (path) => {
  const blas = `OPENBLAS_NUM_THREADS=${threads}`;
  const shell = (command: string): string =>
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

const summary = (list: readonly number[]): Summary => ({
  median: median(list),
  min: Math.min(...list),
});
const sides: Readonly<Record<string, Measure>> = {
  ours: (path) => ours(path),
  ...(values.bf16 && { bf16: (path: string) => ours(path, threads, "bf16") }),
  ...(values.scaling && { oneThread: (path) => ours(path, "1") }),
  ...(compares("torch") && torchIsThere() && torchSides()),
  ...(compares("bvlc") && bvlcIsThere() && { bvlc }),
};
if (compares("torch") && !sides["torch"])
  console.log(`${python} has no torch or protobuf, or protoc is missing: no PyTorch`);
const results: unknown[] = [];

/** The net's prototxt, with another batch where one is asked for: the first dim of what DummyData makes. */
function prototxtOf(name: string, batch: string | undefined): string {
  const path = existsSync(name) ? name : join(here, "nets", `${name}.prototxt`);
  if (!batch) return path;
  const changed = join(scratch, `${basename(path, ".prototxt")}_b${batch}.prototxt`);
  const text = readFileSync(path, "utf8");
  writeFileSync(changed, text.replace(/(shape\s*\{\s*dim:\s*)\d+/g, `$1${batch}`));
  return changed;
}

/** What every side measures of a net, by side and by what it is; they take turns. */
function takenInTurns(path: string): Readonly<Record<string, Readonly<Record<string, number[]>>>> {
  const taken: Record<string, Record<string, number[]>> = {};
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [side, measure] of Object.entries(sides)) {
      taken[side] ??= {};
      const own = taken[side];
      for (const [what, value] of Object.entries(measure(path))) {
        own[what] = [...(own[what] ?? []), ...[value].flat()];
      }
    }
  }
  return taken;
}

try {
  for (const path of nets.flatMap((name) => batches.map((batch) => prototxtOf(name, batch)))) {
    const net = basename(path, ".prototxt");
    const taken = takenInTurns(path);
    const own = taken["ours"]!;
    const [flops] = own["flops"]!;
    const peak = Math.max(...own["peak"]!);
    for (const what of ["forward", "forwardBackward", "step"]) {
      const times: Record<string, Summary> = {};
      for (const side of Object.keys(sides)) {
        const list = taken[side]![what];
        if (list) times[side] = summary(list);
      }
      const mine = times["ours"];
      // A net without a loss is not trained.
      if (!mine) continue;
      const gflops = ((what === "forward" ? 1 : 3) * flops!) / mine.min / 1e6;
      const percentOfPeak = (100 * gflops) / peak;
      const show = ([side, s]: [string, Summary]): string =>
        `${side} ${s.median.toFixed(1)} (min ${s.min.toFixed(1)})${side === "ours" ? "" : `, ${(s.median / mine.median).toFixed(2)}× ours (min ${(s.min / mine.min).toFixed(2)})`}`;
      console.log(
        `${net} ${what}`.padEnd(30),
        `ms: ${Object.entries(times).map(show).join("; ")}; ${gflops.toFixed(0)} GFLOP/s, ${percentOfPeak.toFixed(0)} % of sgemm`,
      );
      results.push({ net, what, times, gflops, percentOfPeak });
    }
    const memory = Object.fromEntries(
      Object.entries(taken).flatMap(([side, { memoryMiB }]) =>
        memoryMiB ? [[side, Math.max(...memoryMiB)]] : [],
      ),
    );
    const told = Object.entries(memory).map(([side, mib]) => `${side} ${mib.toFixed(0)}`);
    console.log(`${net} memory`.padEnd(30), `MiB: ${told.join("; ")}`);
    const [build, start] = [summary(own["build"]!), summary(own["start"]!)];
    console.log(
      `${net} start`.padEnd(30),
      `ms: net ${build.median.toFixed(0)} (min ${build.min.toFixed(0)}); from the program's start ${start.median.toFixed(0)} (min ${start.min.toFixed(0)})`,
    );
    const rest = { memory, build, start, sgemmPeak: peak };
    results.push({ net, what: "memory and start", ...rest });
  }
} finally {
  rmSync(scratch, { recursive: true });
}
mkdirSync(join(here, "results"), { recursive: true });
const file = join(here, "results", `${new Date().toISOString().replace(/[:.]/g, "-")}.json`);
const machine = { cpu: cpus()[0]?.model, cores: cpus().length, load: loadavg() };
writeFileSync(file, `${JSON.stringify({ settings: values, machine, results }, undefined, 2)}\n`);
console.log(`written to ${file}`);
