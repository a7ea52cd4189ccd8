// caffe train on several GPUs, each in a thread: here one software adapter that is opened twice, as CAFFE_GPUS asks.
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { writeHdf5 } from "../../src/io/hdf5/hdf5.ts";
import { readCaffemodel } from "../../src/io/weights/caffemodel.ts";
import { Random } from "../../src/util/random.ts";
import { caffeHere, startProgram } from "../support/cli.ts";
import { availableEngines } from "../support/engines.ts";
import { isLong } from "../support/long.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const isHere = availableEngines.has("webgpu");
const binary = fileURLToPath(new URL("../../bin/caffe", import.meta.url));
const folder = temporaryFolder();
const TWICE = { CAFFE_GPUS: "0,0", CAFFE_RUN: "off" };

/** A command in a process of its own, where the only GPU is two. */
function caffe(...args: readonly string[]): SpawnSyncReturns<string> {
  const env = { ...process.env, ...TWICE };
  return spawnSync(process.execPath, [binary, ...args], { encoding: "utf8", cwd: folder, env });
}

/** A solver of that name, of a small LeNet; gives its file. */
function writeSolver(name: string, batch: number, fields: string, more = ""): string {
  const file = join(folder, `${name}.prototxt`);
  writeFileSync(
    file,
    `base_lr: 0.05 momentum: 0.9 weight_decay: 0.001 lr_policy: "fixed" display: 1 random_seed: 5
     snapshot_prefix: "${join(folder, name)}" ${fields}
     net_param {
       layer { name: "data" type: "HDF5Data" top: "data" top: "label"
               hdf5_data_param { source: "${join(folder, "list.txt")}" batch_size: ${batch} } }
       ${more}
       layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
               convolution_param { num_output: 4 kernel_size: 5 weight_filler { type: "xavier" } } }
       layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool"
               pooling_param { pool: MAX kernel_size: 2 stride: 2 } }
       layer { name: "relu" type: "ReLU" bottom: "pool" top: "pool" }
       layer { name: "ip" type: "InnerProduct" bottom: "pool" top: "ip"
               inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
       layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" } }`,
  );
  return file;
}

/** A layer whose forward fails in its third pass, in the thread that is not the first. */
const BREAKER = `
  import { isMainThread } from "node:worker_threads";
  let passes = 0;
  export class Breaker {
    setup() {}
    reshape() {}
    forward() { if (!isMainThread && ++passes === 3) throw new Error("no more"); }
    backward() {}
  }`;

const breaker =
  'layer { name: "breaker" type: "Python" python_param { module: "breaker" layer: "Breaker" } }';

/** The lines of standard error that say what went wrong, without their time. */
function wrongs(stderr: string): string[] {
  return stderr.split("\n").filter((line) => /^[EF]\d|^caffe|Error/.test(line));
}

function weightsOf(file: string): number[][] {
  const { layers } = readCaffemodel(join(folder, file));
  return layers.flatMap(({ blobs }) => blobs.map((blob) => [...(blob?.data ?? [])]));
}

describe.skipIf(!isHere)(isHere ? "several GPUs" : "several GPUs: no WebGPU adapter here", () => {
  beforeAll(() => {
    const random = new Random(5);
    const [count, pixels] = [32, 12 * 12];
    writeHdf5(join(folder, "data.h5"), {
      data: {
        shape: [count, 1, 12, 12],
        data: Float32Array.from({ length: count * pixels }, () => random.gaussian()),
      },
      label: { shape: [count], data: Float32Array.from({ length: count }, () => random.below(3)) },
    });
    writeFileSync(join(folder, "breaker.mjs"), BREAKER);
    writeFileSync(join(folder, "list.txt"), `${join(folder, "data.h5")}\n`);
  });

  test.skipIf(!isLong)(
    "learn what one learns of their joint batch, and go on from a snapshot to the same bits",
    async () => {
      const one = writeSolver("one", 8, "max_iter: 6 snapshot: 6");
      expect((await caffeHere(["train", one, "--gpu=0"])).status).toBe(0);
      const two = writeSolver("two", 4, "max_iter: 6 snapshot: 3");
      const { status, stderr } = caffe("train", two, "--gpu=0,1");
      expect(status, stderr).toBe(0);
      expect(stderr).toMatch(/caffe\.ts:1\] Using GPUs 0, 1\n.*\] GPU 0: .+\n.*\] GPU 1: /);
      expect(stderr).toMatch(/All 2 ranks: \S+ images\/s, each sends/);
      const [alone, together] = [
        weightsOf("one_iter_6.caffemodel"),
        weightsOf("two_iter_6.caffemodel"),
      ];
      expect(together).toHaveLength(4);
      for (const [i, weights] of together.entries()) {
        for (const [k, weight] of weights.entries()) {
          expect(weight).toBeCloseTo(alone[i]?.[k] ?? Number.NaN, 5);
        }
      }
      const whole = readFileSync(join(folder, "two_iter_6.caffemodel"));
      const resumed = caffe("train", two, "--gpu=all", "--snapshot=two_iter_3.solverstate");
      expect(resumed.status, resumed.stderr).toBe(0);
      expect(resumed.stderr).toContain("Resuming from two_iter_3.solverstate");
      expect(readFileSync(join(folder, "two_iter_6.caffemodel")).equals(whole)).toBe(true);
    },
    300_000,
  );

  test.skipIf(!isLong)(
    "one whose thread fails ends all, with one error",
    () => {
      const broken = writeSolver("broken", 4, "max_iter: 1000000", breaker);
      const { status, stderr } = caffe("train", broken, "--gpu=0,1");
      expect(status, stderr).toBe(1);
      expect(wrongs(stderr)).toEqual(['caffe: layer "breaker" (Python): no more']);
      expect(readdirSync(folder).filter((name) => name.startsWith("broken_iter"))).toEqual([]);
    },
    300_000,
  );

  test.skipIf(!isLong)(
    "stop at Ctrl-C after one snapshot",
    async () => {
      const file = writeSolver("stopped", 4, "max_iter: 1000000");
      const twice = Object.entries(TWICE).map(([name, value]) => `${name}=${value}`);
      const command = [...twice, process.execPath, binary, "train", file, "--gpu=0,1"];
      const running = startProgram("env", command, folder);
      await running.said(/Iteration 3,/);
      running.child.kill("SIGINT");
      const { status, stderr } = await running.ended;
      expect(status).toBe(0);
      expect(stderr.match(/Snapshotting to binary proto file/g)).toHaveLength(1);
      expect(stderr).toContain("Optimization stopped early.");
    },
    300_000,
  );

  test.each([
    ["0,7", /--gpu is 0,7, and there is no GPU 7\. Here are: 0 \(.+\)\./],
    ["0,0", /--gpu is 0,0, which names GPU 0 twice\./],
    ["0,x", /--gpu is 0,x\. Expected the number of a GPU, several as 0,1, or all/],
  ])("--gpu %s is refused", async (gpu, said) => {
    const file = writeSolver("refused", 4, "max_iter: 1");
    const { status, stderr } = await caffeHere(["train", file, `--gpu=${gpu}`]);
    expect(status).toBe(1);
    expect(stderr).toMatch(said);
  });
});
