// Predicts images/s of 1 to 1,024 ranks over networks of 1 to 100 Gbit/s, from what one rank's layers take on this machine.
// `npm run bench:scale -- --help` tells how.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import sharp from "sharp";
import { chartSvg } from "../../src/plot/chart.ts";
import { CaffeError } from "../../src/util/errors.ts";
import {
  type AllReduce,
  allReduces,
  type NetTimes,
  type Network,
  predict,
  withLargerBatch,
} from "./scale-model.ts";

/** By net: images of a rank's batch. */
const BATCHES: Readonly<Record<string, number>> = {
  caffenet: 16,
  vgg16: 2,
  googlenet: 8,
  resnet50: 4,
};
const GIGABITS = [1, 10, 25, 100];
const RANKS = Array.from({ length: 11 }, (_, i) => 2 ** i);
const LARGER = 4;

const help = `Predicts images/s of 1 to 1,024 ranks from the times of one rank's layers, which are measured first where FILE is not there.

  npm run bench:scale -- [NET …] [options]

NET is one of bench/nets; ${Object.keys(BATCHES).join(", ")} by default.

  --times FILE     what was measured, with the processor's name (bench/results/layer-times.json)
  --measure        measure anew, with one thread
  --steps N        iterations of a measurement (5)
  --batch N        of a rank's images (${Object.entries(BATCHES)
    .map(([net, batch]) => `${net} ${batch}`)
    .join(", ")}; others 8)
  --allreduce NAME ${allReduces.join(", ")} (ring)
  --latency MS     from one rank to another (0.05)
  --host-cost NS   of the core that computes, for each byte that a rank sends (0: a card that does it all); bench:netns measures it
  --pictures DIR   draw DIR/scale-NET.png too: what ranks come to of so many times one rank's images/s

A row for each network: images/s by number of ranks, those without overlap behind them, what takes longest at the most
ranks (compute, bandwidth or latency), and how near to so many times one rank's images/s the most ranks come, with this
batch and with ${LARGER} times as large a one.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    times: {
      type: "string",
      default: fileURLToPath(new URL("../results/layer-times.json", import.meta.url)),
    },
    measure: { type: "boolean", default: false },
    steps: { type: "string", default: "5" },
    batch: { type: "string" },
    allreduce: { type: "string", default: "ring" },
    latency: { type: "string", default: "0.05" },
    "host-cost": { type: "string", default: "0" },
    pictures: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(help);
  process.exit(0);
}

/** What was measured. */
interface Measurement {
  readonly processor: string;
  /** Of the machine while it was measured: more than 1 tells of other programs. */
  readonly load: number;
  readonly nets: readonly NetTimes[];
}

const allReduce = allReduces.find((name): name is AllReduce => name === values.allreduce);
const latency = Number(values.latency);
const hostCost = Number(values["host-cost"]) / 1e6;
if (!allReduce || !(latency >= 0 && hostCost >= 0)) {
  throw new CaffeError(
    `--allreduce ${values.allreduce} --latency ${values.latency} --host-cost ${values["host-cost"]}: expected one of ${allReduces.join(", ")}, and milliseconds and nanoseconds of 0 or more.`,
  );
}
const wanted = positionals.length > 0 ? positionals : Object.keys(BATCHES);
const measurement = measured();
console.log(`One thread of ${measurement.processor}, load ${measurement.load.toFixed(1)}.`);
for (const times of measurement.nets.filter(({ net }) => wanted.includes(net))) {
  show(times);
  if (values.pictures !== undefined) await draw(times, values.pictures);
}

function measured(): Measurement {
  if (existsSync(values.times) && !values.measure) {
    const kept = JSON.parse(readFileSync(values.times, "utf8")) as Measurement;
    const missing = wanted.filter((net) => !kept.nets.some((times) => times.net === net));
    if (missing.length === 0) return kept;
    throw new CaffeError(
      `${values.times}: nothing of ${missing.join(", ")}. Expected nets that were measured, or --measure.`,
    );
  }
  const nets = wanted.map((net) => layerTimes(net, values.batch ?? `${BATCHES[net] ?? 8}`));
  const taken = { processor: cpus()[0]?.model ?? "unknown", load: loadavg()[0] ?? 0, nets };
  mkdirSync(dirname(values.times), { recursive: true });
  writeFileSync(values.times, `${JSON.stringify(taken, undefined, 1)}\n`);
  return taken;
}

function layerTimes(net: string, batch: string): NetTimes {
  const program = fileURLToPath(new URL("layer-times.mjs", import.meta.url));
  const path = fileURLToPath(new URL(`../nets/${net}.prototxt`, import.meta.url));
  const args = [program, path, batch, values.steps];
  const env = { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" };
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8", env })) as NetTimes;
}

function show(times: NetTimes): void {
  const { net, batch } = times;
  console.log(`\n${net}, ${batch} images a rank\n`);
  const heads = ["Gbit/s", ...RANKS, "bound", "share", `share, batch ${LARGER * batch}`];
  console.log(`| ${heads.join(" | ")} |\n|${heads.map(() => " --- |").join("")}`);
  for (const gigabits of GIGABITS) {
    const network = networkOf(gigabits);
    const cells = RANKS.map((ranks) => {
      const [overlapped, apart] = [true, false].map((overlaps) =>
        predict(times, ranks, network, overlaps).imagesPerSecond.toPrecision(3),
      );
      return `${Number(overlapped)} (${Number(apart)})`;
    });
    const { bound } = predict(times, RANKS.at(-1)!, network);
    const shares = [times, withLargerBatch(times, LARGER)].map((one) => shareOf(one, network));
    console.log(`| ${[gigabits, ...cells, bound, ...shares].join(" | ")} |`);
  }
}

function networkOf(gigabits: number): Network {
  // 1 Gbit/s is 125,000 bytes a millisecond.
  return { latency, hostCost, bandwidth: 125_000 * gigabits, allReduce: allReduce! };
}

/** How near the most ranks come to so many times one rank's images/s. */
function shareOf(times: NetTimes, network: Network): string {
  return efficiency(times, RANKS.at(-1)!, network).toFixed(2);
}

/** Images/s of so many ranks as a share of so many times one rank's. */
function efficiency(times: NetTimes, ranks: number, network: Network, overlaps = true): number {
  const [one, many] = [1, ranks].map((n) => predict(times, n, network, overlaps).imagesPerSecond);
  return many! / one! / ranks;
}

/** Draws a line for each network, dashed without overlap. */
async function draw(times: NetTimes, folder: string): Promise<void> {
  const series = [true, false].flatMap((overlaps) =>
    GIGABITS.map((gigabits) => ({
      label: overlaps ? `${gigabits} Gbit/s` : `${gigabits} Gbit/s, one after the other`,
      isDashed: !overlaps,
      points: RANKS.map(
        (ranks) => [ranks, efficiency(times, ranks, networkOf(gigabits), overlaps)] as const,
      ),
    })),
  );
  const svg = chartSvg(
    {
      title: `${times.net}, ${times.batch} images a rank`,
      xLabel: "ranks",
      yLabel: "images/s, as a share of ranks × one rank's",
      series,
      isXLog: true,
      yRange: [0, 1],
    },
    { hasLegend: false },
  );
  mkdirSync(folder, { recursive: true });
  await sharp(Buffer.from(svg))
    .png({ palette: true })
    .toFile(join(folder, `scale-${times.net}.png`));
}
