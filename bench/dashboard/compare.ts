// LeNet's iterations a second without a dashboard, with one that nobody looks at, and with a page open, taking turns.
// Run as: npm run bench:dashboard [-- ROUNDS [SECONDS]], after npm run build

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseEvents } from "../../src/run-record/read-events.ts";
import { median } from "../median.ts";
import { follow } from "./follow.ts";

const [rounds = 5, seconds = 12] = process.argv.slice(2).map(Number);
/** Iterations of the first seconds, while threads start and a page opens, are left out. */
const LEFT_OUT_MS = 3000;
const ways = ["none", "alone", "open"] as const;
type Way = (typeof ways)[number];

const folder = mkdtempSync(join(tmpdir(), "caffe-bench-"));
try {
  writeSolver();
  const speeds: Record<Way, number[]> = { none: [], alone: [], open: [] };
  for (let round = 0; round < rounds; round++) {
    // Each begins as often as the others.
    for (let k = 0; k < ways.length; k++) {
      const way = ways[(round + k) % ways.length] as Way;
      speeds[way].push(await speedOf(way, join(folder, `${way}-${round}`)));
    }
    console.log(ways.map((way) => `${way} ${speeds[way].at(-1)?.toFixed(1)}`).join("  "));
  }
  const base = median(speeds.none);
  for (const way of ways) {
    const own = median(speeds[way]);
    console.log(
      `${way.padEnd(6)} ${own.toFixed(1)} iterations/s, ${(own / base).toFixed(4)} of none`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** LeNet with numbers in place of its database: no reading disturbs. */
function writeSolver(): void {
  const net = readFileSync("models/lenet/lenet_train_test.prototxt", "utf8");
  const data = `layer { name: "data" type: "DummyData" top: "data" top: "label" dummy_data_param {
    shape { dim: 64 dim: 1 dim: 28 dim: 28 } shape { dim: 64 }
    data_filler { type: "gaussian" std: 0.3 } data_filler { type: "constant" value: 3 } } }`;
  const others = net.replace(/layer \{\s*name: "data"[\s\S]*?\n\}\n/g, "");
  writeFileSync(join(folder, "net.prototxt"), `${others}\n`.replace(/^layer/m, `${data}\nlayer`));
  writeFileSync(
    join(folder, "solver.prototxt"),
    `net: "${join(folder, "net.prototxt")}" base_lr: 0.0001 momentum: 0.9 lr_policy: "fixed" max_iter: 100000000 snapshot_after_train: false snapshot_prefix: "${join(folder, "s")}"`,
  );
}

/** Iterations a second of one training. */
async function speedOf(way: Way, record: string): Promise<number> {
  const words = ["train", `--solver=${join(folder, "solver.prototxt")}`, `--run=${record}`];
  if (way !== "none") words.push("--dashboard=0");
  const child = spawn(process.execPath, [resolve("bin/caffe"), ...words], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  const said = new Promise<void>((done, fail) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      log += text;
      if (log.includes("Starting Optimization")) done();
    });
    child.on("exit", () => fail(new Error(log)));
  });
  await said;
  const stop = new AbortController();
  const url = /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/.exec(log)?.[0];
  const following = way === "open" ? follow(url ?? "", stop.signal) : undefined;
  await new Promise((done) => setTimeout(done, LEFT_OUT_MS + seconds * 1000));
  stop.abort();
  await following;
  const ended = new Promise((done) => child.once("exit", done));
  child.kill("SIGINT");
  await ended;
  const events = parseEvents(readFileSync(join(record, "events.jsonl"), "utf8"));
  const told = events.filter((event) => event.type === "train");
  const from = (told[0]?.time ?? 0) + LEFT_OUT_MS;
  const counted = told.filter(({ time }) => time >= from && time <= from + seconds * 1000);
  const [first, last] = [counted[0], counted.at(-1)];
  if (!first || !last || last === first) throw new Error(`too few iterations:\n${log}`);
  return ((last.iter - first.iter) * 1000) / (last.time - first.time);
}
