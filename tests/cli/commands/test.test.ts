// What `caffe test` says of nets that detect and that segment, and `caffe train` of the former.
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { encodeCaffemodel } from "../../../src/io/weights/caffemodel.ts";
import { caffe } from "../../support/cli.ts";
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
  caffe(
    ["test", `--model=${model}`, "--weights=none.caffemodel", "--iterations=4", ...flags],
    folder,
  );

test("mean average precision, and a line for each class with its name", () => {
  const { status, stderr } = score(
    "net.prototxt",
    "--ap_version=11point",
    "--label_map=names.prototxt",
  );
  expect(status, stderr).toBe(0);
  const lines = said(stderr).split("\n");
  const at = lines.indexOf("detection_eval = 0.0842803");
  expect(lines[at + 1]).toMatch(/^ {4}cat: AP = 0.151515 \(\d+ objects, \d+ detections\)$/);
  expect(lines[at + 2]).toMatch(/^ {4}dog: AP = 0.0170455 \(\d+ objects, \d+ detections\)$/);
  expect(stderr).not.toContain("Batch 0, detection_eval");
});

test("mean intersection over union, and a line for each class", () => {
  const { status, stderr } = score("seg.prototxt");
  expect(status, stderr).toBe(0);
  expect(said(stderr)).toContain(`acc: mean IoU = 1, pixel accuracy = 1, mean recall = 1
    class 0: IoU = nan, recall = nan (0 pixels)
    class 1: IoU = 1, recall = 1 (16 pixels)
`);
});

test("a solver that does no iteration logs it as SSD does", () => {
  const { status, stderr } = caffe(["train", "--solver=solver.prototxt"], folder);
  expect(status, stderr).toBe(0);
  expect(said(stderr)).toContain(`class1: 0.151515
class2: 0.0170455
    Test net output #0: detection_eval = 0.0842803
`);
});

test("a solver that ought to evaluate detections, and whose net has none, says so", () => {
  const solver = readFileSync(path("solver.prototxt"), "utf8").replace(
    "net.prototxt",
    "loss.prototxt",
  );
  writeFileSync(path("none.prototxt"), solver);
  const net = readFileSync(path("net.prototxt"), "utf8");
  const loss = net.split("\n").filter((line) => !line.includes("phase: TEST"));
  writeFileSync(path("loss.prototxt"), loss.join("\n").replaceAll("include { phase: TRAIN }", ""));
  const { status, stderr } = caffe(["train", "--solver=none.prototxt"], folder);
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
])("%s is refused", (text, message) => {
  const solver = readFileSync(path("solver.prototxt"), "utf8").replace(
    /^(eval_type|ap_version).*$/gm,
    "",
  );
  writeFileSync(path("wrong.prototxt"), `${solver}\n${text}`);
  const { status, stderr } = caffe(["train", "--solver=wrong.prototxt"], folder);
  expect(status).toBe(1);
  expect(stderr).toContain(message);
});
