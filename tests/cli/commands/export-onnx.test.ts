import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { saveImage } from "../../../src/float-images/float-image.ts";
import { writeHdf5 } from "../../../src/io/hdf5/hdf5.ts";
import { caffeHere } from "../../support/cli.ts";
import { noise } from "../../support/noise.ts";
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
  expect(stderr).toMatch(
    /prob \(4×10\), random inputs: the greatest difference is \S+, of values up to 0\.\d+/,
  );
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
  expect(stderr).toMatch(
    /y \(2×3\), random inputs: the greatest difference is \S+, of values up to 0\.\d+/,
  );
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
  expect(stderr).toMatch(
    /y \(2×3×4×5\), random inputs: the greatest difference is \S+, of values up to 7\d\.\d/,
  );
  expect(status).toBe(0);
  expect((await run("--mean_value=104,117,123")).stderr).toContain(
    "without --preprocess or --images",
  );
  expect((await run("--preprocess", "--mean_value=1,2")).stderr).toContain(
    "2 means for 3 channels",
  );
  expect((await run("--preprocess", "--channel_swap=0,0,1")).stderr).toContain("Expected each of");
});

test("looks at pictures and files of inputs too, prepared by the file or before it", async () => {
  writeFileSync(
    file("seen.prototxt"),
    'layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 8 dim: 6 } } } layer { name: "half" type: "Power" bottom: "data" top: "y" power_param { scale: 0.5 } }',
  );
  await saveImage(file("one.png"), {
    shape: [9, 9, 3],
    data: Float32Array.from(noise(243), Math.abs),
  });
  writeFileSync(file("list.txt"), "one.png\n");
  const array = { shape: [3, 3, 8, 6], data: Float32Array.from(noise(432)) };
  writeHdf5(file("inputs.h5"), { data: array });
  const run = (...args: readonly string[]): ReturnType<typeof caffeHere> =>
    caffeHere(["export_onnx", "--model=seen.prototxt", "seen.onnx", ...args], folder);
  const given = ["--check", "--images", "one.png", "--mean_value=104,117,123"];
  const plain = await run(...given, "--inputs=inputs.h5", "--image_dims=9,9");
  expect(plain.stderr).toMatch(
    /y \(1×3×8×6\), one.png: the greatest difference is \S+, of values up to \d\d\.\d/,
  );
  expect(plain.stderr).toMatch(
    /y \(3×3×8×6\), inputs.h5: the greatest difference is 0.0, of values up to 0\.\d/,
  );
  expect(plain.status).toBe(0);
  const pixels = await run(...given, "--preprocess", "--batch=3");
  expect(pixels.stderr).toMatch(
    /y \(3×3×8×6\), one.png: the greatest difference is \S+, of values up to \d\d\.\d/,
  );
  expect(pixels.status).toBe(0);
  const refused = async (...args: readonly string[]): Promise<string> =>
    (await run(...args)).stderr;
  expect(await refused("--images", "one.png")).toContain("--images is given without --check");
  expect(await refused("--inputs=inputs.h5")).toContain("--inputs is given without --check");
  expect(await refused("--check", "--image_dims=9,9")).toContain("without --images");
  expect(await refused(...given, "--image_dims=7,9")).toContain("at least the input's 8,6");
  expect(await refused("--check", "--inputs=list.txt")).toContain("does not begin as a .npy file");
  writeHdf5(file("other.h5"), { other: array });
  expect(await refused("--check", "--inputs=other.h5")).toContain("data");
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
