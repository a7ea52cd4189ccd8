// Whether memory stays flat: the peak of convert_imageset and of training from its database, for some images, for ten
// times and for thirty times as many. npm run bench:data-memory
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CAFFE, makeImages } from "./make.mjs";

const IMAGES = 200;
const work = mkdtempSync(join(tmpdir(), "caffe-bench-memory-"));
const EVERY_MS = 10;
/** How often each image comes. */
const TIMES = [5, 50, 150];

/** Runs the command and gives the peak of its own memory in MiB, and of all with the files that are mapped. */
async function peakOf(args) {
  const child = spawn(process.execPath, [CAFFE, ...args], { cwd: work, stdio: "ignore" });
  const peak = { own: 0, mapped: 0 };
  const timer = setInterval(() => {
    const status = read(`/proc/${child.pid}/status`);
    const kib = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? 0);
    const own = kib("RssAnon") + kib("RssShmem");
    peak.own = Math.max(peak.own, own / 1024);
    peak.mapped = Math.max(peak.mapped, (own + kib("RssFile")) / 1024);
  }, EVERY_MS);
  const code = await new Promise((resolve) => child.on("close", resolve));
  clearInterval(timer);
  if (code !== 0) throw new Error(`caffe ${args.join(" ")} ended with ${code}`);
  return peak;
}

function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const net = (database) => `layer { name: "d" type: "Data" top: "data" top: "label"
    transform_param { crop_size: 227 mirror: true mean_value: 120 }
    data_param { source: "${database}" batch_size: 20 backend: LMDB } }
  layer { name: "pool" type: "Pooling" bottom: "data" top: "pool" pooling_param { pool: AVE kernel_size: 32 stride: 32 } }
  layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip" inner_product_param { num_output: 10 } }
  layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`;

for (const backend of ["lmdb", "leveldb"]) {
  for (const times of TIMES) {
    const { folder, list } = await makeImages(work, IMAGES, times);
    const database = `db-${backend}-${times}`;
    const files = ["convert_imageset", "--encoded", `--backend=${backend}`, folder, list, database];
    report(`convert_imageset --encoded, ${backend}`, times, await peakOf(files));
    writeFileSync(join(work, "net.prototxt"), net(database));
    writeFileSync(
      join(work, "solver.prototxt"),
      `net: "net.prototxt" base_lr: 0 lr_policy: "fixed" max_iter: ${(IMAGES * times) / 20 + 5} snapshot_after_train: false`,
    );
    report(
      `train from ${backend}, one pass`,
      times,
      await peakOf(["train", "--solver=solver.prototxt"]),
    );
    if (backend === "lmdb") {
      const size = statSync(join(work, database, "data.mdb")).size / 2 ** 20;
      console.log(`  (the database has ${Math.round(size)} MiB)`);
    }
    rmSync(join(work, database), { recursive: true });
  }
}
for (const times of TIMES) {
  const { folder, list } = await makeImages(work, IMAGES, times);
  report(
    "convert_imageset to pixels, lmdb",
    times,
    await peakOf(["convert_imageset", folder, list, `raw-${times}`]),
  );
  rmSync(join(work, `raw-${times}`), { recursive: true });
}
rmSync(work, { recursive: true });

function report(what, times, { own, mapped }) {
  const images = String(IMAGES * times).padStart(6);
  console.log(
    `${what.padEnd(36)} ${images} images: ${Math.round(own)} MiB of its own (${Math.round(mapped)} with mapped files)`,
  );
}
