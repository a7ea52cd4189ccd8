import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { caffe } from "../../support/cli.ts";
import { availableEngines } from "../../support/engines.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
const model = join(folder, "net.prototxt");

beforeAll(() => {
  writeFileSync(
    model,
    `layer { name: "data" type: "DummyData" top: "data" top: "label"
       dummy_data_param { shape { dim: 2 dim: 3 dim: 12 dim: 12 } shape { dim: 2 } data_filler { type: "gaussian" } data_filler {} } }
     layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 16 kernel_size: 3 pad: 1 } }
     layer { name: "pool" type: "Pooling" bottom: "conv" top: "pool" pooling_param { kernel_size: 2 stride: 2 } }
     layer { name: "conv2" type: "Convolution" bottom: "pool" top: "conv2" convolution_param { num_output: 16 kernel_size: 3 pad: 1 } }
     layer { name: "ip" type: "InnerProduct" bottom: "conv2" top: "ip" inner_product_param { num_output: 3 } }
     layer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`,
  );
});

/** `caffe time --verbose` and what it says behind the time of each layer, by layer and direction. */
function verbose(...flags: string[]): { text: string; of: Map<string, string> } {
  const { stderr, status } = caffe(["time", `--model=${model}`, "--iterations=3", ...flags]);
  expect(status, stderr).toBe(0);
  const lines = stderr.matchAll(/\] +(\w+)\t(forward|backward): \S+ ms\.\t(.*)/g);
  return { text: stderr, of: new Map([...lines].map(([, a, b, c = ""]) => [`${a} ${b}`, c])) };
}

describe.skipIf(!availableEngines.has("native"))("caffe time --verbose on native", () => {
  test("names each layer's algorithm, rate and reorders, and counts reorders in all", () => {
    const { text, of } = verbose("--engine=native", "--verbose");
    expect(of.get("conv forward")).toMatch(/^native\t[\d.]+ GFLOP\/s, \S+/);
    expect(of.get("conv2 backward")).toMatch(/GFLOP\/s, weights \S+, input \S+/);
    expect(of.get("pool forward")).toMatch(/^native\tloops$/);
    expect(of.get("ip backward")).toMatch(/weights sgemm, input sgemm/);
    expect(of.get("loss forward")).toBe("native");
    // The classifier reads rows: conv2's output and its gradient are the only arrays that are moved.
    expect(of.get("ip forward")).toMatch(/1 reorder$/);
    const [, forward, backward] =
      /Reorders between layouts in a pass: forward (\S+), backward (\S+)\./.exec(text) ?? [];
    const counted = (direction: string): number =>
      [...of]
        .filter(([key]) => key.endsWith(direction))
        .reduce((sum, [, how]) => sum + Number(/([\d.]+) reorder/.exec(how)?.[1] ?? 0), 0);
    expect(Number(forward)).toBe(counted("forward"));
    expect(Number(backward)).toBe(counted("backward"));
  });

  test("says no more than the time without it", () => {
    const { text, of } = verbose("--engine=native");
    expect(of.get("conv forward")).toBe("native");
    expect(text).not.toContain("Reorders");
  });
});

test("caffe time --verbose of the reference engine tells rates alone", () => {
  const { of } = verbose("--engine=reference", "--verbose");
  expect(of.get("conv forward")).toMatch(/^reference\t[\d.]+ GFLOP\/s$/);
  expect(of.get("pool forward")).toBe("reference");
});
