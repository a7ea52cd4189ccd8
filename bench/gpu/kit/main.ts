// What run.sh of the kit runs: a GPU in words, recorded results, times of nets and kernels, PyTorch's beside them.
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { arch, cpus, release } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { runCases } from "../../../scripts/golden/run-cases.ts";
import { createEngines } from "../../../src/engines/create.ts";
import { listAdapters, openGpu } from "../../../src/engines/webgpu/device.ts";
import type { Gpu } from "../../../src/engines/webgpu/gpu.ts";
import { version } from "../../../src/util/version.ts";
import { BATCHES } from "./batches.ts";
import { type KernelTime, kernelTimes } from "./kernels.ts";
import { type NetTimes, TimedNet } from "./nets.ts";
import { halfPeaksOf, type Peaks, peaksOf } from "./peaks.ts";
import { Torch, type TorchTimes } from "./torch.ts";

const help = `Measures this machine's GPU with caffe-ts, and with PyTorch where python3 has it with CUDA.

  ./run.sh [options]

  --quick         a fifth of the time: shorter turns, a quarter of the recorded results
  --nets A,B      of ${Object.keys(BATCHES).join(", ")}: these alone
  --batch N       every net with this batch instead of its own
  --gpu N         the GPU by its number (0)
  --python FILE   a Python that has torch (python3)
  --alone         no PyTorch
  --out FILE      where the JSON goes (results/ and the card's name)

An adapter that is a program on the CPU gets lenet alone, with a batch of 4, where nothing else is asked for.`;

/** How long one turn of a measurement takes, and how many of them there are. */
const [TURN_MS, TURNS] = [600, 2];

const { values } = parseArgs({
  options: {
    kit: { type: "string", default: "." },
    quick: { type: "boolean", default: false },
    nets: { type: "string" },
    batch: { type: "string" },
    gpu: { type: "string", default: "0" },
    python: { type: "string", default: "python3" },
    alone: { type: "boolean", default: false },
    out: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit(0);
}

/** All that is written. */
interface Results {
  readonly version: string;
  readonly date: string;
  readonly device: ReturnType<typeof describe>;
  readonly host: Readonly<Record<string, string>>;
  peaks?: Peaks;
  golden?: Awaited<ReturnType<typeof runCases>> & { readonly failures: readonly string[] };
  readonly nets: NetResult[];
  /** What could not be measured, and why. */
  readonly failures: string[];
  /** Why there is nothing of PyTorch, where that is so. */
  torch?: string;
}
interface NetResult extends NetTimes {
  readonly net: string;
  readonly batch: number;
  readonly precision: string;
  readonly kernels: readonly KernelTime[];
  readonly torch: readonly TorchTimes[];
}

function describe({ adapter, limits, features }: Gpu): Record<string, unknown> {
  return { ...adapter, limits, features: [...features].sort() };
}

const text = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

const turnMs = values.quick ? TURN_MS / 5 : TURN_MS;
const gpu = await openGpu({ index: Number(values.gpu) });
const { isSoftware } = gpu.adapter;
const adapters = await listAdapters();
console.log(`caffe-ts ${version}; adapters: ${adapters.map(({ name }) => name).join(", ")}`);
console.log(JSON.stringify(describe(gpu), undefined, 1));

const results: Results = {
  version,
  date: new Date().toISOString(),
  device: describe(gpu),
  host: {
    ...{ cpu: cpus()[0]?.model.trim() ?? "", cores: String(cpus().length) },
    ...{ system: `${process.platform} ${release()} ${arch()}`, node: process.version },
  },
  nets: [],
  failures: [],
};
const card = gpu.adapter.name
  .toLowerCase()
  .replace(/[^a-z0-9]+/g, "-")
  .replace(/^-|-$/g, "");
const folder = join(values.kit, "results");
const out =
  values.out ?? join(folder, `${card}-${results.date.slice(0, 19).replace(/\D/g, "")}.json`);
/** Written after each part: what is measured is not lost to what fails later. */
function save(): void {
  if (values.out === undefined) mkdirSync(folder, { recursive: true });
  writeFileSync(out, `${JSON.stringify(results, undefined, 1)}\n`);
}

/** What fails is told, and leaves the rest: a card may lack the memory for a net, or its driver fail at a kernel. */
async function tried(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const line = `${what}: ${(error as Error).message}`;
    console.log(`  FAILED ${line}`);
    results.failures.push(line);
  }
  save();
}

/** The card, on a device of its own: what went wrong on one is nothing to the next. */
async function onDevice(isHalf: boolean, work: (own: Gpu) => Promise<void>): Promise<void> {
  const own = await openGpu({ index: Number(values.gpu), readiesBlocks: isHalf });
  try {
    await work(own);
  } finally {
    own.close();
  }
}

const precisions = gpu.features.has("shader-f16") ? (["f32", "f16"] as const) : (["f32"] as const);
const peaks = await peaksOf(gpu);
results.peaks = peaks;
if (precisions.length > 1) {
  await tried("the rates of halves", () =>
    onDevice(true, async (own) => void Object.assign(peaks, await halfPeaksOf(own))),
  );
}
const rates = [
  `${text(peaks.f32)} GFLOP/s in float32`,
  ...(peaks.f16 ? [`${text(peaks.f16)} GFLOP/s in halves`] : []),
  ...(peaks.blocks ? [`${text(peaks.blocks)} GFLOP/s in blocks of halves`] : []),
  `${text(peaks.copy)} GB/s copied`,
];
console.log(`\nRates that loops of nothing else reach: ${rates.join(", ")}\n`);
save();

const cases = join(values.kit, "cases");
const failures: string[] = [];
console.log("Caffe's recorded results:");
const groups = values.quick ? ["nets"] : readdirSync(cases);
const counts = await runCases(cases, groups, createEngines({ gpu }), (line) => {
  console.log(`  ${line}`);
  if (line.startsWith("FAILED")) failures.push(line);
});
results.golden = { ...counts, failures };
save();

const torch = values.alone
  ? undefined
  : await Torch.open(values.python, join(values.kit, "program"));
if (torch instanceof Torch) console.log(`\nPyTorch: ${torch.about}`);
else results.torch = torch ?? "not asked for";
if (typeof torch === "string") console.log(`\nPyTorch is not measured: ${torch}`);

const nets = values.nets?.split(",") ?? (isSoftware ? ["lenet"] : Object.keys(BATCHES));
for (const file of nets) {
  const net = basename(file, ".prototxt");
  const batch = Number(values.batch ?? (isSoftware ? 4 : (BATCHES[net] ?? 16)));
  const path = join(values.kit, "nets", `${net}.prototxt`);
  console.log(`\n${net}, batch ${batch}`);
  for (const precision of precisions) {
    await tried(`${net} in ${precision}`, () =>
      onDevice(precision === "f16", (own) => measure(own, { net, batch, path, precision })),
    );
  }
}
if (torch instanceof Torch) torch.close();
save();
console.log(`\nWritten: ${out}`);
gpu.close();
process.exit(results.golden.failed + results.failures.length > 0 ? 1 : 0);

/** Times a net and its kernels, and PyTorch's in turns with it. */
async function measure(
  own: Gpu,
  what: {
    readonly net: string;
    readonly batch: number;
    readonly path: string;
    readonly precision: "f32" | "f16";
  },
): Promise<void> {
  const { net, batch, path, precision } = what;
  const isHalf = precision === "f16";
  const timed = await TimedNet.open(path, batch, own, precision);
  const peer: TorchTimes[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    await timed.turn(turnMs);
    if (torch instanceof Torch && !isHalf) {
      peer.push(...(await torch.turn(timed.param, batch, turnMs)));
    }
  }
  const { step, forward, gflop } = timed.times();
  console.log(
    `  ${precision}: step ${text(step.min)} ms (median ${text(step.median)}), forward ${text(forward.min)} ms, ${text(((3 * gflop) / step.min) * 1e3)} GFLOP/s of products`,
  );
  for (const one of peer) {
    const told =
      "failed" in one ? one.failed : `step ${text(one.step)} ms, forward ${text(one.forward)} ms`;
    console.log(`  PyTorch ${one.mode}: ${told}`);
  }
  // Sums of halves are floats: single halves are multiplied as such, too.
  const [peak, loop] = isHalf && peaks.blocks ? [peaks.blocks, "blocks"] : [peaks.f32, "float32"];
  const kernels = await kernelTimes(timed, own, peak);
  for (const { name, ms, gflops, share } of kernels.slice(0, 12)) {
    const rate =
      gflops === undefined
        ? ""
        : `, ${text(gflops)} GFLOP/s, ${text(100 * (share ?? 0))} % of the loop in ${loop}`;
    console.log(`    ${text(ms)} ms ${name}${rate}`);
  }
  results.nets.push({ net, batch, precision, ...timed.times(), kernels, torch: peer });
  timed.close();
}
