import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { toOnnx } from "../../src/onnx/export/to-onnx.ts";
import { caffeHere } from "../support/cli.ts";
import { netOf } from "../support/nets.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const run = (...args: readonly string[]): ReturnType<typeof caffeHere> => caffeHere(args, folder);

beforeAll(async () => {
  using net = netOf(
    `name: "a\\033[31mnet" layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 8 } } }
     layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 4 kernel_size: 3 } }
     layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }`,
    { phase: "TEST" },
  );
  writeFileSync(join(folder, "net.onnx"), (await toOnnx(net, { labels: ["a", "b"] })).toBuffer());
});

test("caffe summarize shows a file of ONNX", async () => {
  const { stdout, status } = await run("summarize", "net.onnx", "--shape", "data=5,3,8,8");
  expect(status).toBe(0);
  const lines = stdout.split("\n");
  expect(lines[0]).toMatch(/^ONNX of version 8 \(operators 17\), by caffe-ts \d/);
  expect(lines).toEqual(
    expect.arrayContaining([
      "Input data: float batch×3×height×width",
      "Output conv: float batch×4×height_1×width_1",
      "labels: a\\x0ab",
      "Shapes are those for --shape data=5,3,8,8",
      "a\\x1b[31mnet",
    ]),
  );
  expect(stdout).toMatch(/^conv\/Conv +Conv, 3×3, 4 outputs +5×4×6×6 +112 +19\.4 k$/m);
  expect(stdout).toMatch(/^2 nodes +112 +19\.4 k$/m);
  const json = JSON.parse((await run("summarize", "net.onnx", "--json")).stdout);
  expect(json).toMatchObject({
    opsets: { "": 17 },
    nodes: [{ type: "Conv", parameters: 112 }, {}],
  });
});

test("caffe draw_net draws one", async () => {
  expect((await run("draw_net", "net.onnx", "net.svg", "--shapes")).status).toBe(0);
  const svg = readFileSync(join(folder, "net.svg"), "utf8");
  for (const text of [
    "conv/Conv",
    "3×3, 4 outputs",
    "relu/Relu",
    "1×4×222×222",
    "float batch×3×height×width",
  ]) {
    expect(svg).toContain(text);
  }
  expect((await run("draw_net", "net.onnx", "net.dot", "--rankdir=TB")).status).toBe(0);
  expect(readFileSync(join(folder, "net.dot"), "utf8")).toContain(
    'label="conv/Conv\\nConv\\n3×3, 4 outputs"',
  );
});

test("flags that a file of ONNX has no use for, and damaged files, are errors", async () => {
  const refused = async (...args: readonly string[]): Promise<string> => {
    const { status, stderr } = await run(...args);
    expect(status).toBe(1);
    return stderr;
  };
  expect(await refused("summarize", "net.onnx", "--phase=TRAIN", "--level=2")).toContain(
    "--phase, --level for a file of ONNX",
  );
  expect(await refused("draw_net", "net.onnx", "no.svg", "--display_lrm")).toContain(
    "nothing learns",
  );
  expect(await refused("summarize", "none.onnx")).toContain("none.onnx");
  const bytes = readFileSync(join(folder, "net.onnx"));
  writeFileSync(join(folder, "cut.onnx"), bytes.subarray(0, bytes.length / 2));
  expect(await refused("draw_net", "cut.onnx", "no.svg")).toMatch(/cut\.onnx.*cut short/);
  expect(existsSync(join(folder, "no.svg"))).toBe(false);
});
