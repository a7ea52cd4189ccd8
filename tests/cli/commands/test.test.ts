// What `caffe test` says of nets that detect and that segment, and `caffe train` of the former.
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { encodeCaffemodel } from "../../../src/io/weights/caffemodel.ts";
import { caffeHere } from "../../support/cli.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const folder = temporaryFolder();
const path = (name: string): string => join(folder, name);
/** What a log says, without the time and place of each line. */
const said = (stderr: string): string => stderr.replace(/^[IW]\d{4} .*?\] /gm, "");

beforeAll(() => {
  cpSync("tests/golden/cases/data/detection_map_0", folder, { recursive: true });
  writeFileSync(path("none.caffemodel"), Buffer.concat(encodeCaffemodel({ name: "none" })));
  writeFileSync(
    path("names.prototxt"),
    'item { name: "bg" label: 0 } item { name: "c" label: 1 display_name: "cat" } item { name: "dog" label: 2 }',
  );
  writeFileSync(
    path("seg.prototxt"),
    `layer { name: "x" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 1 dim: 2 dim: 2 dim: 2 } shape { dim: 1 dim: 1 dim: 2 dim: 2 } data_filler { value: 1 } data_filler { value: 1 } } }
    layer { name: "acc" type: "SegAccuracy" bottom: "x" bottom: "t" top: "acc" }`,
  );
});

const score = (model: string, ...flags: readonly string[]) =>
  caffeHere(
    ["test", `--model=${model}`, "--weights=none.caffemodel", "--iterations=4", ...flags],
    folder,
  );

test("mean average precision, and a line for each class with its name", async () => {
  const { status, stderr } = await score(
    "net.prototxt",
    "--ap_version=11point",
    "--label_map=names.prototxt",
  );
  expect(status, stderr).toBe(0);
  const lines = said(stderr).split("\n");
  const at = lines.indexOf("detection_eval = 0.0842803");
  expect(lines[at + 1]).toBe("    of 2 classes, ap_version 11point");
  expect(lines[at + 2]).toMatch(/^ {4}cat: AP = 0.151515 \(\d+ objects, \d+ detections\)$/);
  expect(lines[at + 3]).toMatch(/^ {4}dog: AP = 0.0170455 \(\d+ objects, \d+ detections\)$/);
  expect(stderr).not.toContain("Batch 0, detection_eval");
});

test("mean intersection over union, and a line for each class", async () => {
  const { status, stderr } = await score("seg.prototxt");
  expect(status, stderr).toBe(0);
  expect(said(stderr)).toContain(`acc: mean IoU = 1, pixel accuracy = 1, mean recall = 1
    class 0: IoU = nan, recall = nan (0 pixels)
    class 1: IoU = 1, recall = 1 (16 pixels)
`);
});

test("overlaps of masks, and a line for each class with the names that make it up", async () => {
  writeFileSync(
    path("masks.prototxt"),
    `layer { name: "d" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 1 dim: 2 dim: 1 dim: 2 } data_filler { value: 1 } } }
     layer { name: "seg" type: "SegmentationEvaluate" bottom: "x" bottom: "t" top: "seg" }`,
  );
  writeFileSync(
    path("ids.prototxt"),
    'item { name: "void" label: 0 label_id: 0 } item { name: "bus" label: 5 label_id: 2 } item { name: "road" label: 1 label_id: 1 } item { name: "car" label: 2 label_id: 2 }',
  );
  const { status, stderr } = await score("masks.prototxt", "--labels=ids.prototxt");
  expect(status, stderr).toBe(0);
  expect(said(stderr)).toContain(`seg = 1
    road: IoU = 1 (4 images)
    bus, car: IoU = 1 (4 images)
`);
  expect(stderr).not.toContain("Batch 0, seg");
});

const maps = (more: string, labels: string): string =>
  `layer { name: "x" type: "DummyData" top: "x" top: "t" dummy_data_param { shape { dim: 1 dim: 2 dim: 1 dim: 2 } shape { dim: 1 dim: 1 dim: 1 dim: 2 } data_filler { value: 1 } data_filler { value: ${labels} } } }
   ${more}`;
const SOFTMAX = 'layer { name: "prob" type: "Softmax" bottom: "x" top: "prob" }';
const LOSS =
  'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "x" bottom: "t" top: "loss" loss_param { ignore_label: 255 } }';

test.each([
  ["what a loss compares", LOSS, "loss"],
  [
    "what two layers compare",
    `layer { name: "acc" type: "Accuracy" bottom: "x" bottom: "t" top: "acc" } ${LOSS}`,
    "acc",
  ],
  ["outputs", SOFTMAX, "prob"],
])("pixels are told of without SegAccuracy: %s", async (_what, more, name) => {
  writeFileSync(path("maps.prototxt"), maps(more, "1"));
  const { status, stderr } = await score(
    "maps.prototxt",
    "--labels=names.prototxt",
    "--confusion=c.csv",
  );
  expect(status, stderr).toBe(0);
  expect(said(stderr)).toContain(`${name}: mean IoU = 1, pixel accuracy = 1, mean recall = 1
    bg: IoU = nan, recall = nan (0 pixels)
    cat: IoU = 1, recall = 1 (8 pixels)
Confusion of ${name} in c.csv
`);
  expect(stderr.match(/mean IoU/g)).toHaveLength(1);
  expect(stderr).not.toContain("prob =");
  expect(readFileSync(path("c.csv"), "utf8")).toBe("label,bg,cat\nbg,0,0\ncat,0,8\n");
});

test("labels that are ignored, and those of no class beside an output, count for nothing", async () => {
  for (const more of [LOSS, SOFTMAX]) {
    writeFileSync(path("maps.prototxt"), maps(more, "255"));
    const { status, stderr } = await score("maps.prototxt");
    expect(status, stderr).toBe(0);
    expect(said(stderr)).toContain("class 1: IoU = nan, recall = nan (0 pixels)");
  }
});

test("a confusion of whole samples is written where it is asked for; without scores there is none", async () => {
  const samples = maps(
    SOFTMAX.replace("Softmax", "Accuracy").replace('"x" top', '"x" bottom: "t" top'),
    "0",
  )
    .replaceAll("dim: 1 dim: 2 }", "}")
    .replace("dim: 1 dim: 1 dim: 1 dim: 2", "dim: 1");
  writeFileSync(path("samples.prototxt"), samples);
  const { status, stderr } = await score("samples.prototxt", "--confusion=c.csv");
  expect(status, stderr).toBe(0);
  expect(stderr).not.toContain("IoU");
  expect(readFileSync(path("c.csv"), "utf8")).toBe(
    "label,class 0,class 1\nclass 0,0,4\nclass 1,0,0\n",
  );
  writeFileSync(path("none.prototxt"), maps("", "0").replace("dim: 2 dim: 1 dim: 2", "dim: 3"));
  const none = await score("none.prototxt", "--confusion=d.csv");
  expect(none.status).toBe(1);
  expect(none.stderr).toContain("the net compares no scores of classes with labels");
});

test("a solver that does no iteration logs it as SSD does", async () => {
  const { status, stderr } = await caffeHere(["train", "--solver=solver.prototxt"], folder);
  expect(status, stderr).toBe(0);
  expect(said(stderr)).toContain(`class1: 0.151515
class2: 0.0170455
    Test net output #0: detection_eval = 0.0842803
`);
});

test("a solver that ought to evaluate detections, and whose net has none, says so", async () => {
  const solver = readFileSync(path("solver.prototxt"), "utf8").replace(
    "net.prototxt",
    "loss.prototxt",
  );
  writeFileSync(path("none.prototxt"), solver);
  const net = readFileSync(path("net.prototxt"), "utf8");
  const loss = net.split("\n").filter((line) => !line.includes("phase: TEST"));
  writeFileSync(path("loss.prototxt"), loss.join("\n").replaceAll("include { phase: TRAIN }", ""));
  const { status, stderr } = await caffeHere(["train", "--solver=none.prototxt"], folder);
  expect(status, stderr).toBe(0);
  expect(stderr).toContain(
    'eval_type is "detection", and test net #0 has no output of a DetectionEvaluate layer',
  );
});

test.each([
  [
    'ap_version: "12point"',
    'ap_version is "12point". Expected Integral or MaxIntegral or 11point or 101point',
  ],
  ['eval_type: "detect"', 'eval_type is "detect". Expected classification or detection'],
])("%s is refused", async (text, message) => {
  const solver = readFileSync(path("solver.prototxt"), "utf8").replace(
    /^(eval_type|ap_version).*$/gm,
    "",
  );
  writeFileSync(path("wrong.prototxt"), `${solver}\n${text}`);
  const { status, stderr } = await caffeHere(["train", "--solver=wrong.prototxt"], folder);
  expect(status).toBe(1);
  expect(stderr).toContain(message);
});
