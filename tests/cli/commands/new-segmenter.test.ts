// caffe new with masks: a segmenter from a folder of pictures, without an edit.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { encodeImage } from "../../../src/io/images/encode.ts";
import { readNetParameter, readSolverParameter } from "../../../src/io/text/read-net.ts";
import { caffeHere } from "../../support/cli.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const made = async (...args: string[]) => caffeHere(["new", ...args], folder);
const SET = ["--images=set/images", "--masks=set/masks"];

/** A picture of grey with a bright square, and the label image with that square's number. */
async function draw(name: string, number: number, [images, masks] = ["set/images", "set/masks"]) {
  const side = 32;
  const inside = (i: number): boolean => i % side > 8 && i % side < 20 && i / side > 8;
  const [data, labels] = [new Uint8Array(3 * side * side).fill(60), new Uint8Array(side * side)];
  for (let i = 0; i < side * side; i++) {
    if (i % side === 0) labels[i] = 255;
    if (!inside(i)) continue;
    labels[i] = number;
    for (let c = 0; c < 3; c++) data[c * side * side + i] = c === number ? 220 : 120;
  }
  const size = { height: side, width: side };
  for (const one of [images, masks]) mkdirSync(at(one ?? ""), { recursive: true });
  writeFileSync(
    at(`${images}/${name}.png`),
    await encodeImage({ channels: 3, ...size, data }, "png"),
  );
  writeFileSync(
    at(`${masks}/${name}.png`),
    await encodeImage({ channels: 1, ...size, data: labels }, "png"),
  );
}

beforeAll(async () => {
  for (let i = 0; i < 10; i++) await draw(`p${i}`, 1 + (i % 2));
  writeFileSync(at("names.txt"), "ground\nleft\nright\n");
});

test("a segmenter is made, trains, and finds its net and names beside the weights", async () => {
  const { status, stderr } = await made(
    "run",
    ...SET,
    "--labels=names.txt",
    "--size=32",
    "--epochs=1",
  );
  expect(status, stderr).toBe(0);
  expect(stderr).toContain("3 classes: ground, left, right. Pictures: train 8, val 2.");
  expect(readdirSync(at("run")).sort()).toEqual(
    "README.md deploy.prototxt labels.txt run.json solver.prototxt train.txt train_val.prototxt val.txt".split(
      " ",
    ),
  );
  expect(readFileSync(at("run/val.txt"), "utf8")).toMatch(
    /^set\/images\/p\d\.png set\/masks\/p\d\.png\n/,
  );
  const layers = readNetParameter(at("run/deploy.prototxt")).layer ?? [];
  expect(layers.some(({ type }) => type === "BN")).toBe(false);
  expect(layers[0]?.transform_param).toEqual({
    mean_value: [127.5],
    scale: 0.0078125,
  });
  const run = await caffeHere(["train", "--solver=run/solver.prototxt"], folder);
  expect(run.status, run.stderr).toBe(0);
  const weights = `run/segnet_iter_${readSolverParameter(at("run/solver.prototxt")).max_iter}.caffemodel`;
  const found = await caffeHere(
    ["segment", weights, "set/images/p0.png", "--format=none", "--json"],
    folder,
  );
  expect(found.status, found.stderr).toBe(0);
  const [picture] = JSON.parse(found.stdout) as { classes: { name: string }[] }[];
  expect(picture?.classes.every(({ name }) => ["ground", "left", "right"].includes(name))).toBe(
    true,
  );

  // Finetuning goes on with as narrow a net; what gives scores begins anew.
  const more = await made("more", ...SET, `--weights=${weights}`, "--epochs=1");
  expect(more.status, more.stderr).toBe(0);
  expect(more.stderr).toContain("These layers begin anew: conv1_1_D_more.");
  const first = readNetParameter(at("more/train_val.prototxt")).layer?.find(
    ({ name }) => name === "conv1_1",
  );
  expect(first?.convolution_param?.num_output).toBe(16);
}, 120_000);

test("every model fits sizes of its own, and says which", async () => {
  for (const [model, size] of [
    ["segnet", 64],
    ["pspnet50", 41],
    ["fcn32s", 32],
  ] as const) {
    const args = ["models", "get", model, model, "--classes=3", `--size=${size}`, "--width=0.1"];
    const { status, stderr } = await caffeHere(args, folder);
    expect(status, stderr).toBe(0);
    const wrong = await caffeHere([...args.slice(0, 5), "--size=50"], folder);
    if (model !== "fcn32s")
      expect(wrong.stderr).toContain("the model's maps do not fit 50×50 pixels");
  }
});

test("what is wrong is said, and nothing is left", async () => {
  await draw("a", 255, ["binary", "binary-masks"]);
  await draw("b", 255, ["binary", "binary-masks"]);
  await draw("a", 1, ["small", "small-masks"]);
  mkdirSync(at("empty"));
  writeFileSync(at("two.txt"), "a\nb\n");
  const faults: [args: string[], said: string][] = [
    [["--images=set/images", "--masks=nowhere"], '"nowhere" is not there. Expected a folder'],
    [["--images=set/images", "--masks=empty"], '"empty" holds no label image of a picture'],
    [["--images=binary", "--masks=binary-masks"], "0 and 255 alone, and 255 counts for nothing"],
    [["--images=small", "--masks=small-masks"], "1 pictures with label images can be read"],
    [[...SET, "--labels=two.txt"], "two.txt: it has 2 names, and a label image the number 2"],
    [[...SET, "--annotations=x"], "--annotations and --masks are both given"],
    [
      [...SET, "--size=50"],
      "the model's maps do not fit 50×50 pixels. Expected a size of a multiple of 32",
    ],
    [["--images=set", "--labels=two.txt"], "--labels names the labels of a database or of --masks"],
  ];
  for (const [args, said] of faults) {
    const { status, stderr } = await made("x", ...args);
    expect(stderr).toContain(said);
    expect(status).toBe(1);
  }
  expect(existsSync(at("x")) || existsSync(at("x.part"))).toBe(false);
});
