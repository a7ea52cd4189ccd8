// caffe classify and caffe detect.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { readHdf5 } from "../../src/io/hdf5/hdf5.ts";
import { arrayIn, groupIn } from "../../src/io/hdf5/tree.ts";
import { Net } from "../../src/net/net.ts";
import { caffeHere } from "../support/cli.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);

/** Scores an image by the mean of each channel: its input is 4×4, blue first. */
const TEXT = `
  layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 2 dim: 3 dim: 4 dim: 4 } } }
  layer { name: "scale" type: "Scale" bottom: "data" top: "data" scale_param { bias_term: true } }
  layer { name: "pool" type: "Pooling" bottom: "data" top: "pool" pooling_param { pool: AVE global_pooling: true } }`;
writeFileSync(at("deploy.prototxt"), TEXT);
Net.parse(TEXT).save(at("net.caffemodel"));
writeFileSync(at("labels.txt"), "blue\ngreen\nred\n");
const paint = (name: string, red: number, green: number, blue: number): Promise<unknown> =>
  sharp({ create: { width: 8, height: 8, channels: 3, background: { r: red, g: green, b: blue } } })
    .png()
    .toFile(at(name));
await paint("sky.png", 20, 90, 200);
await paint("rose.png", 250, 10, 60);

const net = ["--model", at("deploy.prototxt"), "--weights", at("net.caffemodel")];
const labels = ["--labels", at("labels.txt")];

describe("caffe classify", () => {
  test("prints the best classes of each image as Caffe's example does", async () => {
    const { status, stdout } = await caffeHere([
      "classify",
      at("sky.png"),
      at("rose.png"),
      ...net,
      ...labels,
      "--top=2",
    ]);
    expect(status).toBe(0);
    expect(stdout).toBe(
      `---------- Prediction for ${at("sky.png")} ----------
200.0000 - "blue"
90.0000 - "green"
---------- Prediction for ${at("rose.png")} ----------
250.0000 - "red"
60.0000 - "blue"
`,
    );
  });

  test("takes mean, scale, crops and order of channels, and prints JSON", async () => {
    const { stdout } = await caffeHere([
      "classify",
      at("sky.png"),
      ...net,
      "--mean_value=10,20,30",
      "--input_scale=0.5",
      "--channel_swap=0,1,2",
      "--image_dims=6,8",
      "--oversample",
      "--json",
    ]);
    const [{ file, predictions }] = JSON.parse(stdout) as [
      { file: string; predictions: { index: number; label: string; score: number }[] },
    ];
    expect(file).toBe(at("sky.png"));
    expect(predictions.map(({ label, index }) => [label, index])).toEqual([
      ["2", 2],
      ["1", 1],
      ["0", 0],
    ]);
    expect(predictions.map(({ score }) => score)).toBeAllClose([85, 35, 5]);
  });

  test("takes folders, patterns and lists, leaves out damaged images, and prints a table", async () => {
    mkdirSync(at("deep/er"), { recursive: true });
    await paint("deep/a.png", 250, 10, 60);
    await paint("deep/er/b.png", 20, 90, 200);
    writeFileSync(at("deep/c.png"), "no picture");
    const rows = async (...words: string[]): Promise<string[]> => {
      const args = ["classify", ...words, ...net, ...labels, "--top=1", "--csv"];
      const { stdout, stderr, status } = await caffeHere(args);
      expect(status, stderr).toBe(0);
      return stdout.trim().split("\n");
    };
    const a = `${at("deep/a.png")},red,250`;
    const b = `${at("deep/er/b.png")},blue,200`;
    expect(await rows(at("deep"))).toEqual(["file,label,score", a, b]);
    expect(await rows(at("d*p/?.png"))).toEqual(["file,label,score", a]);
    writeFileSync(at("list.txt"), "er/b.png 2\na.png\n");
    expect(await rows(at("list.txt"), `--root=${at("deep")}`)).toEqual(["file,label,score", b, a]);
    const { stderr } = await caffeHere([
      ...["classify", at("deep"), ...net, ...labels, `--report=${at("seen")}`],
    ]);
    const report = JSON.parse(readFileSync(at("seen/report.json"), "utf8"));
    expect(report.classes.map((one: { label: string }) => one.label)).toEqual(["red", "blue"]);
    expect(report.skipped[0].file).toBe(at("deep/c.png"));
    const page = readFileSync(at("seen/index.html"), "utf8");
    expect(page.match(/<img /g)).toHaveLength(2);
    expect(page).toContain("Left out");
    expect(readFileSync(at("seen/predictions.csv"), "utf8")).toContain(
      `${at("deep/a.png")},red,250,`,
    );
    expect(stderr).toMatch(/deep\/c\.png.* It is skipped\./);
    expect((await caffeHere(["classify", at("x*.png"), ...net])).stderr).toContain(
      "is like no picture's name",
    );
  });

  test("says what is missing or does not fit", async () => {
    const said = async (...args: string[]): Promise<string> =>
      (await caffeHere(["classify", at("sky.png"), ...args])).stderr;
    expect(await said()).toContain("Need a model definition. Give --model=FILE.");
    expect(await said("--model", at("deploy.prototxt"))).toContain("Need model weights");
    expect(await said(...net, "--top=0")).toContain(
      "--top is 0. Expected a whole number, 1 or more",
    );
    expect(await said(...net, "--image_dims=3")).toContain(
      "--image_dims is 3. Expected height,width",
    );
    expect(await said(...net, "--mean_value=a")).toContain("--mean_value is a. Expected numbers");
    expect(await said(...net, "--mean=a", "--mean_value=1")).toContain("both given");
    expect(await said(...net, "--mean", at("none.npy"))).toContain("no such file");
    writeFileSync(at("short.txt"), "one\n");
    expect(await said(...net, "--labels", at("short.txt"))).toContain("1 labels for 3 classes");
    writeFileSync(at("hurt.png"), "no picture");
    expect((await caffeHere(["classify", at("hurt.png"), ...net])).stderr).toContain(
      "does not begin as an image does",
    );
    expect((await caffeHere(["classify", at("net.caffemodel")])).stderr).toContain(
      "are weights, and no image is named",
    );
    expect(await said(...net, "--json", "--csv")).toContain("Expected one of them");
  });
});

describe("caffe detect", () => {
  writeFileSync(
    at("windows.csv"),
    "filename,ymin,xmin,ymax,xmax\nsky.png,0,0,8,8\nsky.png,0,0,8,7\nrose.png,0,0,4,4\n",
  );
  const flags = [...net, ...labels, "--context_pad=0"];

  test("prints the best windows and writes all scores", async () => {
    const { status, stdout } = await caffeHere([
      "detect",
      at("windows.csv"),
      at("scores.csv"),
      ...flags,
      "--min_score=100",
    ]);
    expect(status).toBe(0);
    expect(stdout).toBe(
      `${at("rose.png")}: 250.0000 - "red" at rows 0-4, columns 0-4
${at("sky.png")}: 200.0000 - "blue" at rows 0-8, columns 0-8
`,
    );
    const lines = readFileSync(at("scores.csv"), "utf8").trim().split("\n");
    expect(lines[0]).toBe("filename,ymin,xmin,ymax,xmax,blue,green,red");
    expect(lines[3]).toBe(`${at("rose.png")},0,0,4,4,60,10,250`);
  });

  test("writes HDF5 where the name says so", async () => {
    const { status } = await caffeHere(["detect", at("windows.csv"), at("scores.h5"), ...flags]);
    expect(status).toBe(0);
    const tree = readHdf5(new Uint8Array(readFileSync(at("scores.h5"))), "scores.h5");
    const lines = readFileSync(at("scores.csv"), "utf8").trim().split("\n").slice(1);
    const numbers = lines.map((line) => line.split(",").slice(1).map(Number));
    const [scores, windows] = [arrayIn(tree["scores"]), arrayIn(tree["windows"])];
    expect(scores?.shape).toEqual([lines.length, 3]);
    expect([...(windows?.data ?? [])]).toEqual(numbers.flatMap((row) => row.slice(0, 4)));
    numbers
      .flatMap((row) => row.slice(4))
      .forEach((value, i) => {
        expect(scores?.data[i]).toBeCloseTo(value, 3);
      });
    expect(groupIn(tree["filenames"])?.["0"]).toBe(lines[0]?.split(",")[0]);
  });

  test("prints JSON, without the background", async () => {
    const { stdout } = await caffeHere([
      "detect",
      at("windows.csv"),
      ...flags,
      "--min_score=100",
      "--background=2",
      "--json",
    ]);
    expect(JSON.parse(stdout)).toEqual([
      { file: at("sky.png"), top: 0, left: 0, bottom: 8, right: 8, label: "blue", score: 200 },
    ]);
  });

  test("says what is wrong with the list", async () => {
    writeFileSync(at("bad.csv"), "filename,ymin,xmin,ymax,xmax\nsky.png,0,0,9,8\n");
    expect((await caffeHere(["detect", at("bad.csv"), ...flags])).stderr).toContain(
      "Expected a box within it",
    );
    expect((await caffeHere(["detect", at("none.csv"), ...flags])).stderr).toContain(
      "no such file",
    );
  });
});
