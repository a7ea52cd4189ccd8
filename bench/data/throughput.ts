// How fast data is read: npm run bench:data. Peers take turns; the median of the rounds and their spread are shown.
import { spawnSync } from "node:child_process";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median } from "../median.ts";
import { makeFashionDatabase, makeJpegDatabase } from "./make.ts";

/** What a program tells: images a second, and CPU time of an image. */
interface Speed {
  readonly perSecond: number;
  readonly cpuUs: number;
}

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const work = process.env["BENCH_DATA"] ?? join(tmpdir(), "caffe-bench-data");
const rounds = Number(process.argv[2] ?? 5);

function measure(program: string, args: readonly (string | number)[]): Speed {
  const { status, stdout, stderr } = spawnSync(program, args.map(String), { encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
  const [perSecond = Number.NaN, cpuUs = Number.NaN] = stdout.trim().split(" ").map(Number);
  return { perSecond, cpuUs };
}

const jpeg = await makeJpegDatabase(work, 500);
const fashion = makeFashionDatabase(work);
const ours = (workers: number) => (): Speed =>
  measure(process.execPath, [here("ours.mjs"), jpeg, 3000, 32, 227, workers]);
const raw = (workers: number) => (): Speed =>
  measure(process.execPath, [here("ours.mjs"), fashion, 600_000, 64, 0, workers]);
const PEER = "OpenCV in Python, 1 thread";
const contenders: Readonly<Record<string, () => Speed>> = {
  [PEER]: () => measure("/usr/bin/python3", [here("opencv_peer.py"), jpeg, 1500, 32, 227]),
  "here, 1 worker": ours(1),
  "here, 2 workers": ours(2),
  "here, raw 28×28, 1 worker": raw(1),
  "here, raw 28×28, no worker": raw(0),
};
const results: Record<string, Speed[]> = {};
const load: number[] = [];
for (let round = 0; round < rounds; round++) {
  for (const [name, run] of Object.entries(contenders)) {
    results[name] = [...(results[name] ?? []), run()];
  }
  load.push(loadavg()[0]!);
}
console.log(`median of ${rounds} rounds (least to greatest)`);
for (const [name, runs] of Object.entries(results)) {
  const speeds = runs.map(({ perSecond }) => perSecond);
  const [least, most] = [Math.min(...speeds), Math.max(...speeds)].map(Math.round);
  const cpu = median(runs.map(({ cpuUs }) => cpuUs));
  console.log(
    `${name.padEnd(28)} ${String(Math.round(median(speeds))).padStart(7)} images/s (${least} to ${most}), ${cpu.toFixed(cpu < 10 ? 1 : 0)} µs of CPU each`,
  );
}
const peer = results[PEER]!;
for (const workers of ["1 worker", "2 workers"]) {
  const runs = results[`here, ${workers}`]!;
  const speed = median(runs.map(({ perSecond }, i) => perSecond / peer[i]!.perSecond));
  const cpu = median(runs.map(({ cpuUs }, i) => peer[i]!.cpuUs / cpuUs));
  console.log(
    `${workers} against OpenCV: ${speed.toFixed(2)} times the images/s, ${cpu.toFixed(2)} times as many for the same CPU time`,
  );
}
// What else runs on these cores slows all of them, and those with two threads most.
console.log(`load average after each round: ${load.map((value) => value.toFixed(1)).join(", ")}`);
