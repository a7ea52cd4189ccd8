import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { caffeHere } from "../../support/cli.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
const file = (name: string): string => join(folder, name);

test("writes LeNet, and finds that ONNX Runtime agrees", async () => {
  const { status, stderr } = await caffeHere([
    "export_onnx",
    file("lenet.onnx"),
    "--model=models/lenet/lenet_train_test.prototxt",
    "--check",
    "--shape",
    "data=4,1,28,28",
  ]);
  expect(stderr).toContain("No --weights are given");
  expect(stderr).toContain("Input data: batch×1×28×28");
  expect(stderr).toContain("Output prob: batch×10");
  expect(status).toBe(0);
  expect(readFileSync(file("lenet.onnx")).length).toBeGreaterThan(1_724_000);
});

test("tells how far the outputs are apart", async () => {
  writeFileSync(
    file("net.prototxt"),
    'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 } } } layer { name: "t" type: "TanH" bottom: "data" top: "y" }',
  );
  const { status, stderr } = await caffeHere(
    ["export_onnx", "--model=net.prototxt", "--opset=11", "--batch=2", "net.onnx", "--check"],
    folder,
  );
  expect(stderr).toMatch(/y \(2×3\): the greatest difference is \S+, of values up to 0\.\d+/);
  expect(status).toBe(0);
});

test("takes pixels where it is asked to prepare them", async () => {
  writeFileSync(
    file("image.prototxt"),
    'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 5 } } } layer { name: "r" type: "ReLU" bottom: "data" top: "y" }',
  );
  const run = (...args: readonly string[]): ReturnType<typeof caffeHere> =>
    caffeHere(["export_onnx", "--model=image.prototxt", "image.onnx", ...args], folder);
  const { status, stderr } = await run(
    "--preprocess",
    "--mean_value=104,117,123",
    "--input_scale=0.5",
    "--check",
  );
  expect(stderr).toMatch(/y \(2×3×4×5\): the greatest difference is \S+, of values up to 7\d\.\d/);
  expect(status).toBe(0);
  expect((await run("--mean_value=104,117,123")).stderr).toContain("without --preprocess");
  expect((await run("--preprocess", "--mean_value=1,2")).stderr).toContain(
    "2 means for 3 channels",
  );
  expect((await run("--preprocess", "--channel_swap=0,0,1")).stderr).toContain("Expected each of");
});

test("names a layer that has no form in ONNX, and writes nothing", async () => {
  writeFileSync(
    file("python.prototxt"),
    'layer { name: "p" type: "Python" top: "y" python_param { module: "m" layer: "L" } }',
  );
  const before = readdirSync(folder);
  const run = (...args: readonly string[]): ReturnType<typeof caffeHere> =>
    caffeHere(["export_onnx", ...args, "out.onnx"], folder);
  expect((await run("--model=python.prototxt")).stderr).toContain('layer "p" (Python)');
  expect((await run()).stderr).toContain("Give --model=FILE");
  expect((await run("--model=net.prototxt", "--opset=9")).stderr).toContain(
    "Expected a whole number, 11 or more",
  );
  expect(existsSync(file("out.onnx"))).toBe(false);
  expect(readdirSync(folder)).toEqual(before);
});
