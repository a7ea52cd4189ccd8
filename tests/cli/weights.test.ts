// Weights given to commands that fit no layer, or a layer of another name.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { saveImage } from "../../src/float-images/index.ts";
import { caffeHere } from "../support/cli.ts";
import { netOf } from "../support/nets.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const path = (name: string): string => join(folder, name);

const NET = (second: string): string => `name: "N"
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 4 dim: 4 } } }
layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 3 weight_filler { type: "xavier" } } }
layer { name: "${second}" type: "InnerProduct" bottom: "fc" top: "y" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "prob" type: "Softmax" bottom: "y" top: "prob" }`;

beforeAll(async () => {
  writeFileSync(path("empty.caffemodel"), "");
  writeFileSync(path("net.prototxt"), NET("scores"));
  writeFileSync(
    path("solver.prototxt"),
    'net: "net.prototxt" base_lr: 0.1 lr_policy: "fixed" max_iter: 1 solver_mode: CPU',
  );
  const net = netOf(NET("score"));
  net.save(path("other.caffemodel"));
  net.close();
  const grey = { shape: [4, 4, 3], data: new Float32Array(48).fill(0.5) } as never;
  await saveImage(path("grey.png"), grey);
  writeFileSync(path("windows.csv"), "filename,ymin,xmin,ymax,xmax\ngrey.png,0,0,4,4\n");
});

const flags = ["--engine=reference"];
const model = "--model=net.prototxt";
const commands = (weights: string): [string, string[]][] => [
  ["test", ["test", model, `--weights=${weights}`, "--iterations=1", ...flags]],
  ["classify", ["classify", "grey.png", model, `--weights=${weights}`, ...flags]],
  ["detect", ["detect", "windows.csv", model, `--weights=${weights}`, "--context_pad=0", ...flags]],
  [
    "extract_features",
    ["extract_features", weights, "net.prototxt", "fc", "fc.h5", "1", "hdf5", ...flags],
  ],
];

describe("weights of no layer end a command with one line", () => {
  test.each([
    ...commands("empty.caffemodel"),
    ["train", ["train", "--solver=solver.prototxt", "--weights=empty.caffemodel", ...flags]],
  ] as [string, string[]][])("%s", async (_, args) => {
    const { status, stdout, stderr } = await caffeHere(args, folder);
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr.trimEnd().split("\n").at(-1)).toBe(
      "caffe: empty.caffemodel: it holds no layers. Expected the weights of a net; this file may be empty or cut short, or of another kind.",
    );
  });
});

describe("a layer that the file has under another name is told of", () => {
  test.each(commands("other.caffemodel"))("%s", async (_, args) => {
    const { status, stderr } = await caffeHere(args, folder);
    expect(status, stderr).toBe(0);
    expect(stderr.match(/^W.*$/gm)).toEqual([
      expect.stringContaining(
        '] No weights file has filled layer "scores" of net "N": what their fillers gave them stays. "scores" has the shapes of "score" in other.caffemodel.',
      ),
    ]);
  });
});

test("the net of a weights file is written, summed up and drawn", async () => {
  const { status, stdout, stderr } = await caffeHere(["prototxt", "other.caffemodel"], folder);
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/^name: "N"\nlayer \{\n {2}name: "data"/);
  expect(stdout).not.toContain("phase");
  const named = await caffeHere(["prototxt", "other.caffemodel", "back.prototxt"], folder);
  expect(named.status).toBe(0);
  expect(readFileSync(path("back.prototxt"), "utf8")).toBe(stdout);
  const table = await caffeHere(["summarize", "other.caffemodel"], folder);
  expect(table.stdout).toMatch(/score +InnerProduct +1×2/);
  const drawn = await caffeHere(["draw_net", "other.caffemodel", "net.svg", "--shapes"], folder);
  expect(drawn.status).toBe(0);
  expect(readFileSync(path("net.svg"), "utf8")).toContain("1×3×4×4");
});
