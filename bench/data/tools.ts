// How much faster the tools are with a second thread: npm run bench:data-tools [ROUNDS]. One and two threads take turns.
import { spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "../median.ts";
import { CAFFE, makeImages, makeJpegDatabase } from "./make.ts";

const rounds = Number(process.argv[2] ?? 5);
const [IMAGES, TIMES] = [500, 8] as const;
const work = process.env["BENCH_DATA"] ?? join(tmpdir(), "caffe-bench-data");
const database = await makeJpegDatabase(work, IMAGES, TIMES);
const { folder, list } = await makeImages(work, IMAGES, TIMES);
const made = join(work, "made_lmdb");
const tools = {
  "convert_imageset, to pixels": ["convert_imageset", folder, list, made],
  "convert_imageset, resized, as JPEG": [
    ...["convert_imageset", "--resize_height=227", "--resize_width=227", "--encode_type=jpg"],
    ...[folder, list, made],
  ],
  compute_image_mean: ["compute_image_mean", database, join(work, "mean.binaryproto")],
  "dataset verify": ["dataset", "verify", database],
};

/** Seconds that a command takes, its start included. */
function seconds(args: readonly string[], threads: number): number {
  rmSync(made, { recursive: true, force: true });
  const begin = performance.now();
  const words = [CAFFE, ...args, `--threads=${threads}`];
  const { status, stderr } = spawnSync(process.execPath, words, { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return (performance.now() - begin) / 1000;
}

for (const [name, args] of Object.entries(tools)) {
  const times: readonly [one: number[], two: number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    for (const threads of round % 2 ? [2, 1] : [1, 2]) {
      times[threads - 1]!.push(seconds(args, threads));
    }
  }
  const [one, two] = times.map((list) => Math.round((IMAGES * TIMES) / median(list)));
  const ratio = median(times[0].map((time, i) => time / times[1][i]!));
  console.log(
    `${name.padEnd(35)} ${one} images/s with one thread, ${two} with two: ${ratio.toFixed(2)} times as fast`,
  );
}
rmSync(made, { recursive: true, force: true });
console.log(`load average: ${loadavg()[0]!.toFixed(1)}`);
