import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { loadImage } from "../../../src/float-images/float-image.ts";
import { Net } from "../../../src/net/net.ts";
import { caffeHere } from "../../support/cli.ts";
import { drawPicture } from "../../support/drawn-pictures.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const explained = (...args: string[]) => caffeHere(["explain", ...args], folder);
const NET = `
layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 16 dim: 16 } } }
layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 3 kernel_size: 3 weight_filler { type: "xavier" } } }
layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
layer { name: "ip" type: "InnerProduct" bottom: "conv" top: "ip" inner_product_param { num_output: 2 weight_filler { type: "xavier" } } }
layer { name: "prob" type: "Softmax" bottom: "ip" top: "prob" }
`;

beforeAll(async () => {
  mkdirSync(at("run"));
  writeFileSync(at("run/deploy.prototxt"), NET);
  writeFileSync(at("run/labels.txt"), "round\n<b>cornered</b>\n");
  const run = { model: "mine", deploy: "deploy.prototxt", labels: "labels.txt", size: 16 };
  writeFileSync(
    at("run/run.json"),
    JSON.stringify({ ...run, image_dims: [20, 20], mean_value: [60, 60, 60] }),
  );
  using net = Net.parse(NET, { silent: true });
  net.save(at("run/a.caffemodel"));
  for (const name of ["one/a", "two/a"]) await drawPicture(at(`${name}.png`), "disc", 1);
  writeFileSync(at("two/b.png"), "no picture");
});

test("pictures of every method, and a page of all that asks the network for nothing", async () => {
  const { status, stdout, stderr } = await explained("run/a.caffemodel", "one", "two", "--out=why");
  expect(status, stderr).toBe(0);
  expect(stderr).toMatch(/two\/b\.png.* It is skipped\./);
  expect(stdout).toMatch(/^one\/a\.png: \d\.\d{4} - "/);
  const kinds = ["activations.conv", "grad-cam.conv", "gradient", "occlusion"];
  const names = ["a", "a.png"].flatMap((stem) => kinds.map((kind) => `${stem}.${kind}.png`));
  expect(readdirSync(at("why")).sort()).toEqual([...names, "index.html"].sort());
  expect((await loadImage(at("why/a.gradient.png"))).shape).toEqual([256, 256, 3]);
  const page = readFileSync(at("why/index.html"), "utf8");
  expect(page.match(/<img src="data:image\/png;base64,/g)).toHaveLength(10);
  expect(page).not.toMatch(/https?:|<script|<b>/);
}, 60_000);

test("a net, its weights, a layer, a class and a method may be named", async () => {
  const words = ["run/deploy.prototxt", "run/a.caffemodel", "one/a.png", "--out=one-of"];
  const { status, stdout, stderr } = await explained(
    ...words,
    "--layer=relu",
    "--class=1",
    "--method=grad-cam",
  );
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/^one\/a\.png: \d\.\d{4} - "1"\n {2}one-of\/a\.grad-cam\.conv\.png\n$/);
});

test("what is wrong is said, and nothing is written", async () => {
  const faults: [args: string[], said: string][] = [
    [["run/a.caffemodel"], "are weights, and no image is named"],
    [["run/a.caffemodel", "two/b.png"], "two/b.png: "],
    [["run/a.caffemodel", "one", "--class=roundd"], '--class is roundd. Did you mean "round"?'],
    [["run/a.caffemodel", "one", "--class=2"], "class 2 is none of the net's 2"],
    [
      ["run/a.caffemodel", "one", "--layer=conb"],
      'no map of features "conb". Did you mean "conv"?',
    ],
    [
      ["run/a.caffemodel", "one", "--method=gradcam"],
      '--method has "gradcam". Did you mean "grad-cam"?',
    ],
  ];
  for (const [args, said] of faults) {
    const { status, stderr } = await explained(...args, "--out=none");
    expect(stderr).toContain(said);
    expect(status).toBe(1);
  }
  expect(existsSync(at("none"))).toBe(false);
});
