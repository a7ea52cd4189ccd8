// Whether memory stays flat: the peak of convert_imageset and of training from its database, for some images, for ten
// times and for thirty times as many; the last of these also where the system gives a process and its files (what it
// caches of them included) less memory than the database takes. npm run bench:data-memory [-- --limited]
import { spawn } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CAFFE, makeImages } from "./make.ts";

/** MiB that a process took at its peak. */
interface Peak {
  /** Of its own. */
  readonly own: number;
  /** With the files that are mapped. */
  readonly mapped: number;
  /** With all of its files, where they were limited, and how often it ran into the limit. */
  readonly limit?: { readonly peak: number; readonly reclaims: number };
}

const IMAGES = 200;
const work = mkdtempSync(join(tmpdir(), "caffe-bench-memory-"));
const EVERY_MS = 10;
/** How often each image comes. */
const TIMES = [5, 50, 150];

/** Memory of a limited process and its files, in MiB. */
const LIMIT = 400;
/** A control group below this process's own, of cgroup v1, which limits memory with the cache of files. */
const group = `/sys/fs/cgroup/memory${/memory:(.*)$/m.exec(read("/proc/self/cgroup"))?.[1] ?? ""}/caffe-bench-memory`;

/** Runs `work` with a control group of that limit; gives its peak in MiB, how often it ran into the limit, and what `work` gives. */
async function limited(work: (prefix: readonly string[]) => Promise<Peak>): Promise<Peak> {
  mkdirSync(group);
  try {
    writeFileSync(join(group, "memory.limit_in_bytes"), String(LIMIT * 2 ** 20));
    const result = await work(["bash", "-c", `echo $$ > ${group}/cgroup.procs; exec "$@"`, "bash"]);
    const number = (name: string): number => Number(read(join(group, name)));
    return {
      ...result,
      limit: {
        peak: number("memory.max_usage_in_bytes") / 2 ** 20,
        reclaims: number("memory.failcnt"),
      },
    };
  } finally {
    rmdirSync(group);
  }
}

/**
 * Runs the command, behind the words of `prefix`, and gives the peak of its own memory in MiB, and of all with the
 * files that are mapped.
 */
async function peakOf(args: readonly string[], prefix: readonly string[] = []): Promise<Peak> {
  const [program, ...words] = [...prefix, process.execPath, CAFFE, ...args];
  const child = spawn(program!, words, { cwd: work, stdio: "ignore" });
  const peak = { own: 0, mapped: 0 };
  const timer = setInterval(() => {
    const status = read(`/proc/${child.pid}/status`);
    const kib = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
    const own = kib("RssAnon") + kib("RssShmem");
    peak.own = Math.max(peak.own, own / 1024);
    peak.mapped = Math.max(peak.mapped, (own + kib("RssFile")) / 1024);
  }, EVERY_MS);
  const code = await new Promise((resolve) => child.on("close", resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`caffe ${args.join(" ")} ended with ${code}`);
  return peak;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const net = (database: string): string => `layer { name: "d" type: "Data" top: "data" top: "label"
    transform_param { crop_size: 227 mirror: true mean_value: 120 }
    data_param { source: "${database}" batch_size: 20 backend: LMDB } }
  layer { name: "pool" type: "Pooling" bottom: "data" top: "pool" pooling_param { pool: AVE kernel_size: 32 stride: 32 } }
  layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip" inner_product_param { num_output: 10 } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`;

/** Converts the images, and trains for `passes` passes; `run` runs a command. */
async function convertAndTrain(
  backend: string,
  times: number,
  passes: number,
  run: (args: readonly string[]) => Promise<Peak>,
): Promise<void> {
  const { folder, list } = await makeImages(work, IMAGES, times);
  const database = `db-${backend}-${times}`;
  const files = ["convert_imageset", "--encoded", `--backend=${backend}`, folder, list, database];
  report(`convert_imageset --encoded, ${backend}`, times, await run(files));
  writeFileSync(join(work, "net.prototxt"), net(database));
  writeFileSync(
    join(work, "solver.prototxt"),
    `net: "net.prototxt" base_lr: 0 lr_policy: "fixed" max_iter: ${(passes * IMAGES * times) / 20 + 5} snapshot_after_train: false`,
  );
  report(
    `train from ${backend}, passes: ${passes}`,
    times,
    await run(["train", "--solver=solver.prototxt"]),
  );
  const sizes = readdirSync(join(work, database)).map(
    (name) => statSync(join(work, database, name)).size,
  );
  const size = sizes.reduce((sum, one) => sum + one) / 2 ** 20;
  console.log(`  (the database has ${Math.round(size)} MiB)`);
  rmSync(join(work, database), { recursive: true });
}

async function flatness(): Promise<void> {
  for (const backend of ["lmdb", "leveldb"]) {
    for (const times of TIMES) await convertAndTrain(backend, times, 1, peakOf);
  }
  for (const times of TIMES) {
    const { folder, list } = await makeImages(work, IMAGES, times);
    const raw = `raw-${times}`;
    const peak = await peakOf(["convert_imageset", folder, list, raw]);
    report("convert_imageset to pixels, lmdb", times, peak);
    rmSync(join(work, raw), { recursive: true });
  }
}

try {
  if (process.argv.includes("--limited")) {
    console.log(`limited to ${LIMIT} MiB, the cache of files included`);
    const run = (args: readonly string[]): Promise<Peak> =>
      limited((prefix) => peakOf(args, prefix));
    for (const backend of ["lmdb", "leveldb"])
      await convertAndTrain(backend, TIMES.at(-1)!, 2, run);
  } else await flatness();
} finally {
  rmSync(work, { recursive: true });
}

function report(what: string, times: number, { own, mapped, limit }: Peak): void {
  const images = String(IMAGES * times).padStart(6);
  const limited = limit
    ? `; ${Math.round(limit.peak)} MiB with all its files, and it ran into the limit ${limit.reclaims} times`
    : "";
  console.log(
    `${what.padEnd(36)} ${images} images: ${Math.round(own)} MiB of its own (${Math.round(mapped)} with mapped files)${limited}`,
  );
}
