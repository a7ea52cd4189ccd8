import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Net } from "../../../src/net/net.ts";
import { caffeHere } from "../../support/cli.ts";
import { referenceEngines } from "../../support/engines.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const model = `
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 12 dim: 12 } } }
  layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 6 kernel_size: 3 weight_filler { type: "msra" } } }
  layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
  layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip" inner_product_param { num_output: 4 weight_filler { type: "msra" } } }
  layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }`;

/** A folder with a net, its weights and two pictures. */
function prepared(): { readonly folder: string; readonly flags: readonly string[] } {
  const folder = temporaryFolder();
  const file = join(folder, "net.prototxt");
  writeFileSync(file, model);
  using net = new Net(file, { engines: referenceEngines, phase: "TEST", silent: true });
  net.save(join(folder, "net.caffemodel"));
  for (const name of ["a", "b"]) {
    const pixels = Array.from({ length: 12 * 12 * 3 }, (_, i) => (i * name.charCodeAt(0)) % 256);
    writeFileSync(
      join(folder, `${name}.ppm`),
      Buffer.concat([Buffer.from("P6 12 12 255\n"), Buffer.from(pixels)]),
    );
  }
  return {
    folder,
    flags: [`--model=${file}`, `--weights=${join(folder, "net.caffemodel")}`, "--engine=reference"],
  };
}

test("from pictures it writes a net, its weights and a report, and prints a table", async () => {
  const { folder, flags } = prepared();
  const out = join(folder, "out");
  const { status, stdout, stderr } = await caffeHere([
    ...["quantize", out, ...flags, "--data", folder, "--mean_value=100,100,100"],
    ...["--method=entropy", "--least_agreement=0"],
  ]);
  expect(stderr).toContain("Finding scales from 1 batches.");
  expect(status).toBe(0);
  expect(stdout).toMatch(/^conv +Convolution +s8 → int8 +[\d.]+ +[\d.]+ %$/m);
  expect(stdout).toMatch(/^ip +InnerProduct +u8 → float/m);
  expect(stdout).toMatch(/Both nets choose the same for [\d.]+ % of 2 samples\./);
  const report = JSON.parse(readFileSync(`${out}.json`, "utf8")) as { layers: unknown[] };
  expect(report.layers).toHaveLength(2);
  expect(readFileSync(`${out}.prototxt`, "utf8")).toContain("is_negative_input: true");
  const weights = `${out}.caffemodel`;
  using net = new Net(`${out}.prototxt`, { engines: referenceEngines, weights, silent: true });
  expect(net.isForwardOnly).toBe(true);
});

test.for([
  [[], /nothing to run on. Expected --data with pictures, or with a file of arrays/],
  [["--data=nowhere.npy"], /nowhere\.npy/],
  [["--data=x.ppm", "--percentile=0"], /--percentile is 0/],
  [["--data=x.ppm", "--least_agreement=2"], /--least_agreement is 2/],
] as const)("%s is refused", async ([more, message]) => {
  const { folder, flags } = prepared();
  const { status, stderr } = await caffeHere(["quantize", join(folder, "out"), ...flags, ...more]);
  expect(status).not.toBe(0);
  expect(stderr).toMatch(message);
});

test("what would take the place of the model or its weights is refused, through links too; so are an empty name and a folder that is not there", async () => {
  const { folder, flags } = prepared();
  const refusal = async (out: string): Promise<string> => {
    const { status, stderr } = await caffeHere(["quantize", out, ...flags, "--data", folder]);
    expect(status).toBe(1);
    return stderr;
  };
  symlinkSync(join(folder, "net.caffemodel"), join(folder, "link.caffemodel"));
  expect(await refusal(join(folder, "net"))).toMatch(/would replace ".*net\.prototxt", which/);
  expect(await refusal(join(folder, "link"))).toMatch(/would replace ".*net\.caffemodel", which/);
  expect(await refusal("")).toContain("OUT is empty.");
  expect(await refusal(join(folder, "none/net"))).toMatch(
    /Cannot write files whose names begin with '/,
  );
  expect(readFileSync(join(folder, "net.prototxt"), "utf8")).toBe(model);
});
