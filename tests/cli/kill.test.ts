// A training that is killed at any moment, and resumed.
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { createLmdb } from "../../src/io/db/lmdb/create.ts";
import { encodeDatum } from "../../src/io/proto/datum.ts";
import { digestOf } from "../../src/io/weights/run-state.ts";
import { Random } from "../../src/util/random.ts";
import { caffe } from "../support/cli.ts";
import { isLong } from "../support/long.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();

const KILLS = isLong ? 50 : 2;
/** Moments are drawn from it; what is checked does not depend on them. */
const SEED = Number(process.env["KILL_SEED"] ?? 1701);

/** A cursor in a database, random crops, mirrors and masks, statistics, a test net: all that a resumed run can lose. */
const NET = `name: "Killed"
layer { name: "data" type: "Data" top: "x" top: "label" include { phase: TRAIN } transform_param { scale: 0.0039 mirror: true crop_size: 5 } data_param { source: "db" batch_size: 7 backend: LMDB } }
layer { name: "noise" type: "DummyData" top: "x" top: "label" include { phase: TEST } dummy_data_param { shape { dim: 7 dim: 1 dim: 5 dim: 5 } shape { dim: 7 } data_filler { type: "gaussian" std: 1 } data_filler { value: 1 } } }
layer { name: "ip1" type: "InnerProduct" bottom: "x" top: "h" inner_product_param { num_output: 8 weight_filler { type: "xavier" } } }
layer { name: "bn" type: "BatchNorm" bottom: "h" top: "h" }
layer { name: "drop" type: "Dropout" bottom: "h" top: "h" }
layer { name: "ip2" type: "InnerProduct" bottom: "h" top: "ip" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "acc" type: "Accuracy" bottom: "ip" bottom: "label" top: "acc" include { phase: TEST } }
layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`;

const SOLVER = `net: "../net.prototxt" type: "Adam" base_lr: 0.01 momentum: 0.9 lr_policy: "multistep" gamma: 0.5 stepvalue: [20, 45, 65]
  average_loss: 5 max_iter: 80 snapshot: 4 keep_last: 3 keep_best: true test_iter: 2 test_interval: 8 random_seed: 3 snapshot_prefix: "s"`;

beforeAll(async () => {
  const writer = createLmdb(join(folder, "db"));
  const random = new Random(1);
  for (let i = 0; i < 33; i++) {
    const data = Uint8Array.from({ length: 36 }, () => random.below(256));
    await writer.put(
      String(i).padStart(8, "0"),
      encodeDatum({ channels: 1, height: 6, width: 6, data, label: i % 2 }),
    );
  }
  await writer.finish();
  writeFileSync(join(folder, "net.prototxt"), NET.replace('"db"', `"${join(folder, "db")}"`));
});

const run = (name: string): string => {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, "solver.prototxt"), SOLVER);
  return path;
};

const FLAGS = ["train", "--solver=solver.prototxt", "--snapshot=auto", "--engine=reference"];

/** Starts training, kills it after so many milliseconds, and tells whether it was done before that. */
function trainAndKill(cwd: string, milliseconds: number): Promise<boolean> {
  const child = spawn(process.execPath, [join(process.cwd(), "bin/caffe"), ...FLAGS], {
    cwd,
    stdio: "ignore",
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
  return new Promise((resolve, reject) => {
    child.on("close", (status, signal) => {
      clearTimeout(timer);
      if (signal === "SIGKILL") resolve(false);
      else if (status === 0) resolve(true);
      else reject(new Error(`a resumed run ended with ${status ?? signal}`));
    });
  });
}

const digests = (path: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path)
      .sort()
      .map((name) => [name, digestOf([readFileSync(join(path, name))])]),
  );

test(`killed at ${KILLS} random moments and resumed, a run leaves the bytes of one that was never disturbed`, async () => {
  const whole = run("whole");
  const startedAt = performance.now();
  const { status, stderr } = caffe(FLAGS, whole);
  const wholeMs = performance.now() - startedAt;
  expect(status, stderr).toBe(0);
  const wanted = digests(whole);
  expect(Object.keys(wanted)).toContain("s_iter_80.solverstate");
  const random = new Random(SEED);
  let [kills, runs] = [0, 0];
  while (kills < KILLS) {
    const path = run(`killed-${runs}`);
    while (kills < KILLS) {
      // From before the program has begun to well into the loop.
      if (await trainAndKill(path, random.uniform(0.2, 1) * wholeMs)) break;
      kills++;
    }
    const end = caffe(FLAGS, path);
    expect(end.status, end.stderr).toBe(0);
    expect(digests(path), `run ${runs}, KILL_SEED=${SEED}`).toEqual(wanted);
    runs++;
  }
  expect(kills).toBe(KILLS);
}, 240_000);
