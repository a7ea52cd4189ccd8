// What a run's record and its dashboard cost LeNet's training: iterations a second without a record, with one, and with a dashboard that
// nobody looks at, in processes that take turns; and of one process with a page open and without, in turns.
// Run as: npm run bench:dashboard [-- ROUNDS [SECONDS]], after npm run build
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { median } from "../median.ts";
import { follow } from "./follow.ts";

const [rounds = 5, seconds = 8] = process.argv.slice(2).map(Number);
/** What is left out at the beginning of a turn, while threads start and a page opens. */
const LEFT_OUT_MS = 2000;
/** Iterations between two lines of the log, by which speed is told. */
const DISPLAY = 10;
const WAYS = {
  "no record": ["--run=off"],
  record: [],
  "dashboard, nobody looks": ["--dashboard=0"],
} as const;
type Way = keyof typeof WAYS;

/** A training, and how fast it is. */
interface Training {
  readonly child: ChildProcess;
  /** Where it is shown. */
  readonly url: string | undefined;
  /** Iterations a second from now on, for so long. */
  speed(ms: number): Promise<number>;
  stop(): Promise<void>;
}

const folder = mkdtempSync(join(tmpdir(), "caffe-bench-"));
try {
  writeSolver();
  const ways = Object.keys(WAYS) as Way[];
  const speeds = new Map<Way, number[]>(ways.map((way) => [way, []]));
  for (let round = 0; round < rounds; round++) {
    // Each begins as often as the others.
    for (let k = 0; k < ways.length; k++) {
      const way = ways[(round + k) % ways.length] as Way;
      const training = await start(way, `${k}-${round}`);
      await after(LEFT_OUT_MS);
      speeds.get(way)?.push(await training.speed(seconds * 1000));
      await training.stop();
    }
  }
  const [base] = speeds.values();
  for (const [way, own] of speeds) {
    const ratios = own.map((speed, i) => speed / (base?.[i] ?? Number.NaN));
    console.log(
      `${way}: ${median(own).toFixed(1)} iterations/s, ${median(ratios).toFixed(4)} of those without a record`,
    );
  }
  await comparePage();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** One training whose page is open in every second turn. */
async function comparePage(): Promise<void> {
  const training = await start("dashboard, nobody looks", "page");
  const url = training.url ?? "";
  const ratios: number[] = [];
  const shares: number[] = [];
  let closed = 0;
  for (let turn = 0; turn <= 2 * rounds; turn++) {
    const isOpen = turn % 2 === 1;
    const stop = new AbortController();
    const following = isOpen ? follow(url, stop.signal) : undefined;
    await after(LEFT_OUT_MS);
    const from = threadTimes(training.child.pid ?? 0);
    const speed = await training.speed(seconds * 1000);
    const to = threadTimes(training.child.pid ?? 0);
    stop.abort();
    await following;
    if (!isOpen) closed = speed;
    else {
      ratios.push(speed / closed);
      // The dashboard's is a thread of JavaScript beside the one that trains.
      const spent = [...to].map(([id, ms]) => ms - (from.get(id) ?? 0)).sort((a, b) => b - a);
      shares.push(spent.slice(2).reduce((sum, ms) => sum + ms, 0) / (seconds * 1000));
    }
  }
  await training.stop();
  console.log(
    `a page open: ${median(ratios).toFixed(4)} of the speed with none; threads beside those that train took ${(100 * median(shares)).toFixed(2)} % of a core`,
  );
}

/** Milliseconds that each thread of a process has computed. */
function threadTimes(pid: number): ReadonlyMap<string, number> {
  const ids = readdirSync(`/proc/${pid}/task`);
  return new Map(
    ids.map((id) => {
      const [, rest = ""] = readFileSync(`/proc/${pid}/task/${id}/stat`, "utf8").split(") ");
      const fields = rest.split(" ");
      return [id, 10 * (Number(fields[11]) + Number(fields[12]))] as const;
    }),
  );
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
    `net: "${join(folder, "net.prototxt")}" base_lr: 0.0001 momentum: 0.9 lr_policy: "fixed" max_iter: 100000000 display: ${DISPLAY} snapshot_after_train: false snapshot_prefix: "${join(folder, "s")}"`,
  );
}

/** Starts a training and waits until it trains. */
async function start(way: Way, name: string): Promise<Training> {
  const record = way === "no record" ? [] : [`--run=${join(folder, name)}`];
  const words = ["train", `--solver=${join(folder, "solver.prototxt")}`, ...record, ...WAYS[way]];
  const child = spawn(process.execPath, [resolve("bin/caffe"), ...words], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  let last = { iter: 0, at: 0 };
  const ended = new Promise((done) => child.once("exit", done));
  await new Promise<void>((done, fail) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (last.iter === 0) log += text;
      const found = [...text.matchAll(/Iteration (\d+)/g)].at(-1);
      if (!found) return;
      last = { iter: Number(found[1]), at: performance.now() };
      if (last.iter > 0) done();
    });
    child.once("exit", () => fail(new Error(log)));
  });
  return {
    child,
    url: /http:\/\/127\.0\.0\.1:\d+\/\?token=\S+/.exec(log)?.[0],
    speed: async (ms) => {
      const from = last;
      await after(ms);
      return ((last.iter - from.iter) * 1000) / (last.at - from.at);
    },
    stop: async () => {
      child.kill("SIGINT");
      await ended;
    },
  };
}
