// CAFFE_TUNE: what the native engine finds fastest, kept in a file.
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { caffe } from "../support/cli.ts";
import { availableEngines } from "../support/engines.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
afterAll(() => vi.unstubAllEnvs());

beforeAll(() => {
  writeFileSync(
    at("solver.prototxt"),
    `net_param {
       layer { name: "data" type: "DummyData" top: "data" top: "label"
         dummy_data_param { shape { dim: 2 dim: 16 dim: 10 dim: 10 } shape { dim: 2 } data_filler { type: "gaussian" } data_filler {} } }
       layer { name: "conv" type: "Convolution" bottom: "data" top: "conv"
         convolution_param { num_output: 16 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
       layer { name: "conv2" type: "Convolution" bottom: "conv" top: "conv2"
         convolution_param { num_output: 16 kernel_size: 3 pad: 1 weight_filler { type: "xavier" } } }
       layer { name: "ip" type: "InnerProduct" bottom: "conv2" top: "ip"
         inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
       layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" } }
     base_lr: 0.1 lr_policy: "fixed" momentum: 0.9 max_iter: 6 snapshot: 3 snapshot_prefix: "s" random_seed: 1`,
  );
});

function train(file: string, ...flags: string[]): string {
  vi.stubEnv("CAFFE_TUNE", file);
  const { status, stderr } = caffe(["train", "--solver=solver.prototxt", ...flags], folder);
  expect(status, stderr).toBe(0);
  return stderr;
}

describe.skipIf(!availableEngines.has("native"))("CAFFE_TUNE on native", () => {
  test("keeps choices in its file, and a resumed run is the one that was never interrupted", () => {
    train(at("tuning.json"));
    const choices = readFileSync(at("tuning.json"), "utf8");
    expect(choices).toMatch(/"forward .*": "(direct|winograd|F\(.x.\))"/);
    const whole = readFileSync(at("s_iter_6.caffemodel"));
    rmSync(at("s_iter_6.caffemodel"));
    train(at("tuning.json"), "--snapshot=s_iter_3.solverstate");
    expect(readFileSync(at("s_iter_6.caffemodel")).equals(whole)).toBe(true);
    expect(readFileSync(at("tuning.json"), "utf8")).toBe(choices);
  });

  test("choices of an addon that was made of other sources, or of another version, are not taken", () => {
    const file = at("old.json");
    train(file);
    const [machine = "", choices] = Object.entries(JSON.parse(readFileSync(file, "utf8")))[0] ?? [];
    expect(machine).toMatch(/sources [0-9a-f]{8}, .*caffe-ts \d+\.\d+\.\d+/);
    const old = [
      machine.replace(/sources [0-9a-f]+/, "sources 0"),
      machine.replace(/[\d.]+$/, "0"),
    ];
    writeFileSync(file, JSON.stringify(Object.fromEntries(old.map((key) => [key, choices]))));
    train(file);
    expect(Object.keys(JSON.parse(readFileSync(file, "utf8")))).toEqual([...old, machine]);
  });

  test("off tries nothing", () => {
    train("off");
    expect(existsSync(at("off"))).toBe(false);
  });

  test("a damaged file costs a line in the log and no more", () => {
    writeFileSync(at("damaged.json"), "{ not");
    const log = train(at("damaged.json"));
    expect(log.match(/damaged\.json is damaged and is not used/g)).toHaveLength(1);
    expect(JSON.parse(readFileSync(at("damaged.json"), "utf8"))).toBeTypeOf("object");
  });
});
