// Commands on a GPU: one that is lost, one whose memory is out, times.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { caffeHere } from "../support/cli.ts";
import { availableEngines } from "../support/engines.ts";
import { isLong } from "../support/long.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const isHere = availableEngines.has("webgpu");

const net = (more = ""): string => `
  layer { name: "x" type: "DummyData" top: "x" top: "t" dummy_data_param {
    shape { dim: 2 dim: 3 } shape { dim: 2 dim: 4 } data_filler { type: "gaussian" std: 1 } data_filler { value: 1 } } }
  ${more}
  layer { name: "ip" type: "InnerProduct" bottom: "x" top: "y" inner_product_param { num_output: 4 weight_filler { type: "xavier" } } }
  layer { name: "relu" type: "ReLU" bottom: "y" top: "y" }
  layer { name: "loss" type: "EuclideanLoss" bottom: "y" bottom: "t" }`;

/** Writes a solver of that name; the run has nine iterations and a snapshot after every second. */
function writeSolver(name: string, text: string): string {
  const file = join(folder, `${name}.prototxt`);
  writeFileSync(
    file,
    `base_lr: 0.05 momentum: 0.9 lr_policy: "fixed" max_iter: 9 display: 3 snapshot: 2 random_seed: 5
     solver_mode: GPU snapshot_prefix: "${join(folder, name)}" net_param { ${text} }`,
  );
  return file;
}

/** The command line from modules that are not joined: the layer below reaches into one of them. */
const SINGLE_MODULES = `
  import { main } from "${new URL("../../dist/cli/main.js", import.meta.url).pathname}";
  process.exitCode = await main(process.argv.slice(1));`;

/** A layer whose class takes the device away, as a driver's crash does, when its forward runs for the fifth time. */
const BREAKER = `
  import { Gpu } from "${new URL("../../dist/engines/webgpu/gpu.js", import.meta.url).pathname}";
  let device, passes = 0;
  const { submit } = Gpu.prototype;
  Gpu.prototype.submit = function () { device = this; return submit.call(this); };
  export class Breaker {
    setup() {}
    reshape() {}
    forward() { if (++passes === 5) device.lose(); }
    backward() {}
  }`;

describe.skipIf(!isHere)(isHere ? "a GPU" : "a GPU: this machine has no WebGPU adapter", () => {
  test.skipIf(!isLong)(
    "that is lost ends caffe train with one error, and its last snapshot goes on to the same weights",
    async () => {
      writeFileSync(join(folder, "breaker.mjs"), BREAKER);
      const python =
        'layer { name: "breaker" type: "Python" python_param { module: "breaker" layer: "Breaker" } }';
      const lost = writeSolver("lost", net(python));
      const { status, stderr } = spawnSync(
        process.execPath,
        ["--input-type=module", "-e", SINGLE_MODULES, "--", "train", `--solver=${lost}`, "--gpu=0"],
        { cwd: folder, encoding: "utf8" },
      );
      expect(status).toBe(1);
      const wrong = stderr.split("\n").filter((line) => /^[EF]|^caffe|Error/.test(line));
      expect(wrong).toEqual([
        expect.stringMatching(
          /^caffe: layer "\w+": the device is lost: .*What was computed since the last snapshot is gone; go on from that\.$/,
        ),
      ]);
      const newest = readdirSync(folder).filter((name) => name.endsWith("solverstate"));
      expect(newest.sort()).toEqual(["lost_iter_2.solverstate", "lost_iter_4.solverstate"]);
      expect(readdirSync(folder).filter((name) => /\.part|\.tmp/.test(name))).toEqual([]);

      const whole = writeSolver("whole", net());
      const resumed = writeSolver("resumed", net());
      for (const flags of [
        [`--solver=${whole}`],
        [`--solver=${resumed}`, `--snapshot=${join(folder, "lost_iter_4.solverstate")}`],
      ]) {
        expect((await caffeHere(["train", ...flags])).status).toBe(0);
      }
      const [end, end2] = ["whole", "resumed"].map((name) =>
        readFileSync(join(folder, `${name}_iter_9.caffemodel`)),
      );
      expect(end2?.equals(end as Buffer)).toBe(true);
    },
    300_000,
  );

  test("whose memory is out ends the command with the layer, and what to reduce", async () => {
    const wide = join(folder, "wide.prototxt");
    // A gibibyte, which is not allocated but refused.
    writeFileSync(
      wide,
      `layer { name: "x" type: "Input" top: "x" input_param { shape { dim: 1 dim: 1 } } }
       layer { name: "wide" type: "Tile" bottom: "x" top: "y" tile_param { tiles: ${2 ** 28 - 64} } }`,
    );
    const { status, stderr } = await caffeHere(["time", `--model=${wide}`, "--gpu=0"]);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /layer "wide": the GPU is out of memory: 1024\.0 MiB are wanted, [\d.]+ MiB are in use\. Reduce the batch size, or num_output where it is a weight\.\n$/,
    );
  });

  test("caffe time tells each layer's time, and what moves", async () => {
    const model = join(folder, "net.prototxt");
    writeFileSync(model, net());
    const { status, stderr } = await caffeHere([
      "time",
      `--model=${model}`,
      "--gpu=0",
      "--iterations=2",
    ]);
    expect(status, stderr).toBe(0);
    const times = new Map(
      [...stderr.matchAll(/\] +(\w+)\t(forward|backward): (\S+) ms\.\twebgpu/g)].map(
        ([, layer, direction, ms]) => [`${layer} ${direction}`, Number(ms)],
      ),
    );
    for (const worked of ["ip forward", "ip backward", "loss forward", "loss backward"]) {
      expect(times.get(worked), worked).toBeGreaterThan(0);
    }
    // It runs within "ip".
    expect(times.get("relu forward")).toBe(0);
    expect(stderr).toMatch(/Moved in an iteration: 24 bytes to the GPU, 4 bytes from it\./);
    expect(stderr).toMatch(/Memory on the GPU: [\d.]+ MiB\./);
    expect(stderr).not.toContain("no timestamps");
  });

  test("caffe device_query tells adapter, driver, limits and features", async () => {
    for (const flags of [["--gpu=0"], []]) {
      const { status, stderr } = await caffeHere(["device_query", ...flags]);
      expect(status).toBe(0);
      for (const line of [
        /GPU 0: \S.*/,
        / {2}Vendor: .*, architecture: /,
        / {2}Driver: \S/,
        / {2}Largest array: \d+ MiB \(buffers of \d+ MiB\)/,
        / {2}Workgroups: \d+ invocations, \d+ bytes shared/,
        / {2}Features: subgroups (yes|no), timestamp-query (yes|no), shader-f16 (yes|no)/,
      ]) {
        expect(stderr).toMatch(line);
      }
    }
  });
});
