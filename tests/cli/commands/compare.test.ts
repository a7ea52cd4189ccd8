import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { readHdf5At } from "../../../src/io/hdf5/hdf5.ts";
import { Net } from "../../../src/net/net.ts";
import { caffeHere } from "../../support/cli.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
const layers = `layer { name: "data" type: "Input" top: "data" top: "label" input_param { shape { dim: [4, 3, 6, 6] } shape { dim: 4 } } }
layer { name: "a/conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 4 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }`;

const compare = (...flags: string[]): ReturnType<typeof caffeHere> =>
  caffeHere(["compare", "--model=net.prototxt", ...flags], folder);

beforeAll(() => {
  writeFileSync(
    join(folder, "net.prototxt"),
    `${layers}\nlayer { name: "loss" type: "SoftmaxWithLoss" bottom: "ip" bottom: "label" top: "loss" }`,
  );
  writeFileSync(join(folder, "deploy.prototxt"), layers);
  // With weights for which the element that is changed counts.
  using net = new Net(join(folder, "net.prototxt"), { seed: 1 });
  net.save(join(folder, "one.caffemodel"));
  const [weights] = net.layer("ip").blobs;
  (weights?.dataMem.mutableCpu() ?? [])[5] = 3;
  net.save(join(folder, "two.caffemodel"));
});

test("two engines agree, in every array of every layer", async () => {
  const { status, stdout } = await compare("--engines=reference,native", "--json");
  expect(status).toBe(0);
  const { arrays, first } = JSON.parse(stdout);
  expect(first).toBeNull();
  const names = arrays.map(
    (one: Record<string, unknown>) => `${one["layer"]} ${one["kind"]} ${one["index"]}`,
  );
  for (const name of [
    "a/conv data 0",
    "relu data 0",
    "ip diff 0",
    "relu diff 0",
    "a/conv params_diff 1",
  ]) {
    expect(names).toContain(name);
  }
});

test("two weights files: the first layer that differs is named, and those before it are not", async () => {
  const { status, stdout, stderr } = await compare("--weights=one.caffemodel,two.caffemodel");
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /one\.caffemodel and two\.caffemodel differ first in layer "ip" \(InnerProduct\), top 0 at \[\d, 0\]/,
  );
  expect(stdout).toMatch(/^ {2}relu +ReLU +top 0 +0 +0$/m);
  expect(stdout).toMatch(/^\* ip +InnerProduct +top 0/m);
});

test("a saved run, of a net with a loss and one without", async () => {
  for (const model of ["net.prototxt", "deploy.prototxt"]) {
    const saved = await compare(`--model=${model}`, "--save=run.h5");
    expect(saved.stdout).toMatch(/^Wrote \d+ arrays of \d+ layers to run\.h5\.\n$/);
    expect((await compare(`--model=${model}`, "--dump=run.h5")).status).toBe(0);
  }
  expect(readHdf5At(join(folder, "run.h5"), "dump")).toHaveProperty(
    "a.conv.params_diff.0.shape",
    [4, 3, 3, 3],
  );
  const other = await compare("--dump=run.h5", "--seed=2");
  expect(other.stderr).toContain('differ first in layer "data" (Input), top 0');
  const more = await compare("--dump=run.h5");
  expect(more.stderr).toContain('differ first in layer "data" (Input), top 1');
});

test("what is to be compared has to be said", async () => {
  for (const flags of [
    [],
    ["--engines=native"],
    ["--engines=native,reference", "--save=x.h5"],
    ["--dump=none.h5"],
  ]) {
    const { status, stderr } = await compare(...flags);
    expect(status, flags.join()).toBe(1);
    expect(stderr).toMatch(/^caffe: (What is to be compared\?|file "none\.h5" cannot be read)/m);
  }
});
