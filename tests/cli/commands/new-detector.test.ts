// caffe new with annotations: a detector from a folder of pictures, without an edit.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { rawRecordsOf } from "../../../src/io/db/records.ts";
import { readNetParameter, readSolverParameter } from "../../../src/io/text/read-net.ts";
import { caffeHere } from "../../support/cli.ts";
import { drawPicture } from "../../support/drawn-pictures.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
const at = (name: string): string => join(folder, name);
const made = async (...args: string[]) => caffeHere(["new", ...args], folder);
const SET = ["--images=set/images", "--annotations=set/annotations"];
const NAMES = ["disc", "ring", "disc & ring"];

beforeAll(async () => {
  mkdirSync(at("set/annotations"), { recursive: true });
  const images = Array.from({ length: 12 }, (_, id) => ({
    id,
    file_name: `${id}.png`,
    width: 50,
    height: 50,
  }));
  const annotations = [];
  for (const { id, file_name } of images) {
    await drawPicture(at(`set/images/${file_name}`), id % 2 === 0 ? "disc" : "ring", id);
    const name = NAMES[id % 3] ?? "";
    annotations.push({ image_id: id, category_id: 7 * (1 + (id % 3)), bbox: [5, 5, 30, 20] });
    writeFileSync(at(`set/annotations/${id}.xml`), voc(name));
  }
  const categories = [...NAMES, "never seen"].map((name, i) => ({ id: 7 * (i + 1), name }));
  writeFileSync(at("set/coco.json"), JSON.stringify({ images, annotations, categories }));
});

function voc(name: string): string {
  const box = "<xmin>5</xmin><ymin>5</ymin><xmax>35</xmax><ymax>25</ymax>";
  const object = `<object><name>${name.replace("&", "&amp;")}</name><bndbox>${box}</bndbox></object>`;
  return `<annotation>${object}</annotation>`;
}

test("a detector is made, trains, and finds its net and names beside the weights", async () => {
  const { status, stderr } = await made("run", ...SET, "--size=64", "--batch=9", "--epochs=1");
  expect(status, stderr).toBe(0);
  expect(stderr).toContain("3 classes: disc, disc & ring, ring. Pictures: train 9, val 3.");
  expect(readdirSync(at("run")).sort()).toEqual(
    "README.md deploy.prototxt labelmap.prototxt run.json solver.prototxt train.txt train_lmdb train_val.prototxt val.txt val_lmdb".split(
      " ",
    ),
  );
  const solver = readSolverParameter(at("run/solver.prototxt"));
  expect([solver.type, solver.eval_type, solver.max_iter]).toEqual(["Adam", "detection", 1]);
  const run = await caffeHere(["train", "--solver=run/solver.prototxt"], folder);
  expect(run.status, run.stderr).toBe(0);
  expect(run.stderr).toMatch(/Test net output #0: detection_eval = /);
  const weights = "run/mobilenet_ssd_iter_1.caffemodel";
  const found = await caffeHere(
    ["detect", weights, "set/images/0.png", "--threshold=0", "--format=none", "--json"],
    folder,
  );
  expect(found.status, found.stderr).toBe(0);
  expect(found.stderr).toContain(
    "warped to 64×64; values 0 to 255, mean 127.5, 127.5, 127.5, scale 0.007843",
  );
  const [picture] = JSON.parse(found.stdout) as { objects: { name: string }[] }[];
  expect(picture?.objects.length).toBeGreaterThan(0);
  expect(picture?.objects.every(({ name }) => NAMES.includes(name))).toBe(true);

  // Finetuning for other objects: what gives scores begins anew, what gives places goes on.
  const more = await made("more", ...SET, `--weights=${weights}`, "--epochs=1");
  expect(more.status, more.stderr).toBe(0);
  const net = readNetParameter(at("more/train_val.prototxt"));
  const anew = net.layer?.filter(({ name }) => name?.endsWith("_more")) ?? [];
  expect(anew.map(({ name }) => name)).toHaveLength(6);
  expect(anew.every(({ name }) => name?.includes("mbox_conf"))).toBe(true);
  expect(anew[0]?.param?.map(({ lr_mult }) => lr_mult)).toEqual([10, 20]);
  expect(readSolverParameter(at("more/solver.prototxt")).weights?.[0]).toBe(weights);
}, 120_000);

test("COCO's file makes the same databases but for the order of its names, and what the page says can be run by hand", async () => {
  const { status, stderr } = await made(
    "coco",
    "--images=set/images",
    "--annotations=set/coco.json",
    "--size=64",
  );
  expect(status, stderr).toBe(0);
  expect(stderr).toContain("3 classes: disc, ring, disc & ring.");
  expect(readFileSync(at("coco/labelmap.prototxt"), "utf8")).not.toContain("never seen");
  const records = (): [string, Uint8Array][] =>
    Array.from(rawRecordsOf(at("coco/val_lmdb")), ({ key, value }) => [String(key), value.slice()]);
  const before = records();
  rmSync(at("coco/val_lmdb"), { recursive: true });
  const page = readFileSync(at("coco/README.md"), "utf8");
  const line = page.split("\n").find((one) => one.endsWith("coco/val_lmdb")) ?? "";
  const again = await caffeHere(line.split(" ").slice(1), folder);
  expect(again.status, again.stderr).toBe(0);
  expect(records()).toEqual(before);
});

test("a YOLO has the anchors of the training set's boxes, trains, and is found by its weights", async () => {
  const { status, stderr } = await made(
    ...["cells", ...SET, "--model=yolov3-tiny"],
    ...["--size=64", "--batch=9", "--epochs=1"],
  );
  expect(status, stderr).toBe(0);
  const text = readFileSync(at("cells/deploy.prototxt"), "utf8");
  expect(text).toContain(
    "# Its anchors (biases) are the middles of k-means of the training set's boxes",
  );
  // Every box is 30×20 pixels; the largest picture, with the smallest anchor, has 59×59.
  const output = readNetParameter(at("cells/deploy.prototxt")).layer?.at(-1);
  const { biases = [], num_classes } = output?.yolov3_detection_output_param ?? {};
  expect([...biases].map((side) => Math.round(side * 10) / 10).slice(0, 2)).toEqual([32.5, 21.7]);
  expect(num_classes).toBe(3);
  expect(readFileSync(at("cells/README.md"), "utf8")).toContain(
    "caffe test cells --report=cells/report",
  );
  // Boxes of a batch are not told apart by picture.
  const { test_iter } = readSolverParameter(at("cells/solver.prototxt"));
  expect([...(test_iter ?? [])]).toEqual([3]);
  const run = await caffeHere(["train", "--solver=cells/solver.prototxt"], folder);
  expect(run.status, run.stderr).toBe(0);
  expect(run.stderr).toMatch(/Test net output #0: detection_eval = /);
  const found = await caffeHere(
    [
      "detect",
      "cells/yolov3_tiny_iter_1.caffemodel",
      "set/images/0.png",
      "--format=none",
      "--json",
    ],
    folder,
  );
  expect(found.status, found.stderr).toBe(0);
  expect(found.stderr).toContain("mean none, scale 0.003921569");
}, 120_000);

test("a list decides which pictures test", async () => {
  writeFileSync(at("val.list"), "3\n4.png\n");
  const { status, stderr } = await made("listed", ...SET, "--val=val.list", "--size=64");
  expect(status, stderr).toBe(0);
  const lines = readFileSync(at("listed/val.txt"), "utf8").trim().split("\n").sort();
  expect(lines).toEqual(["3", "4"].map((i) => `set/images/${i}.png set/annotations/${i}.xml`));
});

describe("what is wrong", () => {
  test("is said, and what has no annotation, or cannot be named or read, is left out", async () => {
    mkdirSync(at("odd/xml"), { recursive: true });
    for (const name of ["a", "b", "c d", "e"]) await drawPicture(at(`odd/${name}.png`), "disc", 1);
    for (const name of ["a", "b", "c d", "lost"])
      writeFileSync(at(`odd/xml/${name}.xml`), voc("disc"));
    const { status, stderr } = await made(
      "left",
      "--images=odd",
      "--annotations=odd/xml",
      "--size=64",
    );
    expect(status, stderr).toBe(0);
    expect(stderr).toContain("odd: 1 picture without annotation: left out.");
    expect(stderr).toContain("odd/xml: 1 .xml of no picture in odd: left out.");
    expect(stderr).toContain(
      '"c d.png" has a blank in its path, and a list could not name it. It is left out.',
    );
    expect(stderr).toContain("Pictures: train 1, val 1.");
  });

  test("each fault is one line, and nothing is left", async () => {
    mkdirSync(at("none"));
    mkdirSync(at("void"));
    writeFileSync(at("void/0.xml"), "<annotation></annotation>");
    mkdirSync(at("twice/sub"), { recursive: true });
    for (const name of ["0", "sub/0"]) await drawPicture(at(`twice/${name}.png`), "disc", 1);
    const faults: [args: string[], said: string][] = [
      [["--images=none", "--annotations=set/annotations"], '"none" holds no picture'],
      [["--images=set/coco.json", "--annotations=x"], '"set/coco.json" is no folder'],
      [["--images=set/images", "--annotations=x"], '"x" is not there. Expected a folder of VOC'],
      [["--images=set/images", "--annotations=void"], "tells of no object"],
      [["--images=set/images", "--annotations=none"], '"none" holds no .xml file'],
      [["--images=twice", "--annotations=set/coco.json"], "0.png and sub/0.png have one name"],
      [[...SET, "--val=nowhere"], '--val: "nowhere" is no file'],
      [[...SET, "--root=x"], "--root is for lists, and --annotations for a folder"],
      [[...SET, "--model=lenet"], 'model "lenet" is for classification'],
      [
        [...SET, "--model=ssd300-vgg16", "--size=100"],
        'model "ssd300_vgg16" does not work on 100×100',
      ],
      [[...SET, "--model=yolov2_tiny", "--size=100"], "Expected a multiple of 32, as 96"],
      [
        [...SET, "--model=faster-rcnn-vgg16"],
        "Expected one that finds objects: mobilenet_ssd, ssd300_vgg16, yolov2_tiny, yolov3_tiny",
      ],
    ];
    for (const [args, said] of faults) {
      const { status, stderr } = await made("x", ...args);
      expect(stderr).toContain(said);
      expect(status).toBe(1);
    }
    expect(existsSync(at("x")) || existsSync(at("x.part"))).toBe(false);
    const weights = "run/mobilenet_ssd_iter_1.caffemodel";
    const { stderr } = await caffeHere(["classify", weights, "set/images/0.png"], folder);
    expect(stderr).toContain(
      "the net of this run finds objects. Expected one that classifies pictures; caffe detect takes",
    );
  });
});
