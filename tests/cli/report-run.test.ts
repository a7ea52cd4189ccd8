import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { caffeHere } from "../support/cli.ts";
import { type ScoredRecord, scoredNet, writeScored } from "../support/scored-records.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const folder = temporaryFolder();
const path = (name: string): string => join(folder, name);
const read = (name: string): string => readFileSync(path(name), "utf8");
const LOSS =
  'layer { name: "loss" type: "SoftmaxWithLoss" bottom: "data" bottom: "label" top: "loss" }';
const ACCURACY =
  'layer { name: "accuracy" type: "Accuracy" bottom: "data" bottom: "label" top: "accuracy" }';

/** Two of five are right; nothing is of the last class, one tie is taken for it. */
const RECORDS: readonly ScoredRecord[] = [
  { key: "+a", label: 0, scores: [2, 0, 0, 0] },
  { key: "-b", label: 1, scores: [0, 3, 0, 0] },
  { key: "=c", label: 1, scores: [1, 0, 0, 0] },
  { key: "d", label: 2, scores: [0, 0, 0, 0] },
  { key: 'e,"x"', label: 0, scores: [0, 0, 1, 0] },
];

beforeAll(async () => {
  await writeScored(folder, "five", RECORDS);
  await writeScored(folder, "three", RECORDS.slice(0, 3));
  const pairs = RECORDS.map((one) => ({ ...one, label: Math.min(1, one.label) }));
  const single = pairs.map((one, i) => ({ ...one, scores: [i - 2] }));
  await writeScored(folder, "single", single);
});

const report = (net: string, ...flags: readonly string[]) => {
  writeFileSync(path("net.prototxt"), net);
  return caffeHere(
    ["test", "--model=net.prototxt", "--weights=none.caffemodel", "--report=out", ...flags],
    folder,
  );
};
const numbers = () => JSON.parse(read("out/report.json"));

test.each([1, 2, 5, 7])("each record counts once in batches of %i", async (batch) => {
  writeFileSync(path("names.txt"), "<b>zero</b>\n=one\ntwo\nthree\n");
  const { status, stderr } = await report(
    scoredNet("five", batch, LOSS + ACCURACY),
    "--labels=names.txt",
  );
  expect(status, stderr).toBe(0);
  expect(stderr).toContain("Running 5 of 5 records, each once, whatever test_iter says.");
  const { accuracy, records, loss, classes, net_outputs, mean_over_classes } = numbers();
  expect(accuracy).toBe(0.4);
  expect(records).toBe(5);
  expect(net_outputs.repeated_records).toBe((batch - (5 % batch)) % batch);
  // −ln of e²/(e²+3), e³/(e³+3), 1/(e+3), 1/4, 1/(e+3)
  const logs = [Math.log1p(3 / Math.exp(2)), Math.log1p(3 / Math.exp(3)), Math.log(Math.E + 3)];
  const sum = (logs[0] ?? 0) + (logs[1] ?? 0) + 2 * (logs[2] ?? 0) + Math.log(4);
  expect(loss).toBeCloseTo(sum / 5, 5);
  expect(classes.map((one: { recall: number | null }) => one.recall)).toEqual([0.5, 0.5, 0, null]);
  expect(mean_over_classes.recall).toBeCloseTo(1 / 3, 5);
  expect(classes[3]).toMatchObject({ name: "three", records: 0, guessed: 1, roc_auc: null });
  expect(read("out/confusion.csv")).toBe(
    "label,<b>zero</b>,'=one,two,three\n<b>zero</b>,1,0,1,0\n'=one,1,1,0,0\ntwo,0,0,0,1\nthree,0,0,0,0\n",
  );
  const lines = read("out/predictions.csv").split("\n");
  expect(lines[0]).toMatch(/^record,name,label,label_name,guess,guess_name,right,confidence,/);
  expect(lines[3]).toMatch(/^2,'=c,1,'=one,0,<b>zero<\/b>,0,0\.475\d+,0\.174\d+$/);
  expect(lines[5]).toContain('"e,""x"""');
  expect(lines).toHaveLength(7);
  const page = read("out/index.html");
  expect(page).toContain('<b class="good">two</b><small>d</small>');
  expect(page).toContain("&lt;b&gt;zero&lt;/b&gt;");
  expect(page).not.toMatch(/<b>zero|NaN|undefined|https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
  const picture = await sharp(path("out/confusion.png")).metadata();
  expect(picture.width).toBeGreaterThan(300);
});

test("as much as caffe test says of the same data", async () => {
  const net = scoredNet("five", 5, LOSS + ACCURACY);
  expect((await report(net)).status).toBe(0);
  const { net_outputs, accuracy, loss } = numbers();
  expect(net_outputs.accuracy).toBeCloseTo(accuracy, 5);
  expect(net_outputs.loss).toBeCloseTo(loss, 5);
  expect(numbers().top_5_accuracy).toBeUndefined();
});

test("--iterations cuts the pass short, and never makes it longer", async () => {
  const short = await report(scoredNet("five", 2, LOSS), "--iterations=1");
  expect(short.stderr).toContain("Running 2 of 5 records");
  expect(numbers()).toMatchObject({ accuracy: 1, records: 2, records_of_source: 5 });
  const long = await report(scoredNet("five", 2, LOSS), "--iterations=100");
  expect(long.stderr).toContain("Running 5 of 5 records");
});

const SOFTMAX = 'layer { name: "prob" type: "Softmax" bottom: "data" top: "prob" }';
test.each([
  ["logits of a loss", "five", LOSS, 0.4],
  ["probabilities and labels that are outputs", "five", SOFTMAX, 0.4],
  [
    "probabilities that an Accuracy compares",
    "five",
    `${SOFTMAX} layer { name: "a" type: "Accuracy" bottom: "prob" bottom: "label" top: "a" }`,
    0.4,
  ],
  [
    "one score of a sigmoid",
    "single",
    'layer { name: "l" type: "SigmoidCrossEntropyLoss" bottom: "data" bottom: "label" top: "l" }',
    0.4,
  ],
])("scores are found: %s", async (_what, source, layers, accuracy) => {
  const { status, stderr } = await report(scoredNet(source, 2, layers));
  expect(status, stderr).toBe(0);
  expect(numbers().accuracy).toBe(accuracy);
  if (source === "five") expect(numbers().loss).toBeCloseTo(1.07072, 4);
});

test("named blobs count more; what is not there is one error that names those that are", async () => {
  const net = scoredNet(
    "five",
    2,
    `${SOFTMAX} layer { name: "s" type: "Silence" bottom: "label" bottom: "prob" }`,
  );
  mkdirSync(path("out"), { recursive: true });
  const lost = await report(net);
  expect(lost.status).not.toBe(0);
  expect(lost.stderr).toMatch(
    /compares no scores .* Its blobs are data .*, label .*, prob .*--scores_blob=BLOB --labels_blob=BLOB/,
  );
  const found = await report(net, "--scores_blob=prob", "--labels_blob=label");
  expect(found.status, found.stderr).toBe(0);
  expect(numbers()).toMatchObject({ accuracy: 0.4, scores: "prob" });
  const wrong = await report(net, "--scores_blob=no", "--labels_blob=label");
  expect(wrong.stderr).toContain('the net has no blob "no". Its blobs are data');
  const swapped = await report(net, "--scores_blob=label", "--labels_blob=prob");
  expect(swapped.stderr).toContain("Expected N×C scores of classes and N labels");
});

test("two sources have to bring as many records", async () => {
  const two = scoredNet("five", 2, LOSS).concat(
    'layer { name: "more" type: "Data" top: "more" data_param { source: "three" batch_size: 2 backend: LMDB } }',
  );
  const { status, stderr } = await report(two);
  expect(status).not.toBe(0);
  expect(stderr).toContain(
    'layer "data" brings 5 records in batches of 2, layer "more" 3 records in batches of 2.',
  );
});

test("data without an end needs --iterations", async () => {
  const made = `layer { name: "d" type: "DummyData" top: "data" top: "label" dummy_data_param { shape { dim: 3 dim: 2 } shape { dim: 3 } data_filler { value: 1 } data_filler { value: 1 } } } ${LOSS}`;
  expect((await report(made)).stderr).toContain("or --iterations=N: so many batches.");
  const { status, stderr } = await report(made, "--iterations=2");
  expect(status, stderr).toBe(0);
  expect(numbers()).toMatchObject({ accuracy: 0, records: 6, records_of_source: null });
});

test("flags without effect, and records that are wrong, are errors; nothing is written", async () => {
  const net = scoredNet("five", 2, LOSS);
  writeFileSync(path("net.prototxt"), net);
  const test = (...flags: readonly string[]) =>
    caffeHere(["test", "--model=net.prototxt", "--weights=none.caffemodel", ...flags], folder);
  expect((await test("--scores_blob=data")).stderr).toContain("without --report=FOLDER");
  expect((await test("--report=x", "--confusion=c.csv")).stderr).toContain("Expected one of them");
  const lost = [{ key: "k", label: 0, scores: [Number.NaN, 1] }];
  await writeScored(folder, "lost", lost);
  writeFileSync(path("net.prototxt"), scoredNet("lost", 1, SOFTMAX));
  const { status, stderr } = await test("--report=never");
  expect(status).not.toBe(0);
  expect(stderr).toContain("record 0 (k) has scores that are no numbers");
  expect(() => read("never/report.json")).toThrow();
});

test("a segmenter's pixels, of two databases in batches that do not divide them", async () => {
  // Two classes in pictures of 1×2: the first is told right, of the second a pixel, of the third the other is ignored.
  const scores = [
    [1, 0, 0, 1],
    [1, 1, 0, 0],
    [0, 1, 1, 0],
  ];
  const truths = [
    [0, 1],
    [0, 1],
    [1, 255],
  ];
  const shape = { width: 2, height: 1 };
  await writeScored(
    folder,
    "maps",
    scores.map((own, i) => ({ key: `k${i}`, label: 0, scores: own, ...shape })),
  );
  await writeScored(
    folder,
    "truths",
    truths.map((own, i) => ({ key: `k${i}`, label: 0, scores: own, ...shape })),
  );
  const net = `layer { name: "data" type: "Data" top: "data" data_param { source: "maps" batch_size: 2 } }
    layer { name: "truth" type: "Data" top: "label" data_param { source: "truths" batch_size: 2 } }
    layer { name: "loss" type: "SoftmaxWithLoss" bottom: "data" bottom: "label" top: "loss" loss_param { ignore_label: 255 } }`;
  const { status, stderr } = await report(net);
  expect(status, stderr).toBe(0);
  const found = numbers();
  expect(found).toMatchObject({ accuracy: 0.8, task: "segmentation", records: 3, pixels: 5 });
  expect(found.mean_iou).toBeCloseTo((2 / 3 + 2 / 3) / 2, 5);
  expect(read("out/confusion.csv")).toBe("label,class 0,class 1\nclass 0,2,0\nclass 1,1,2\n");
  expect(read("out/predictions.csv").split("\n")[2]).toBe("1,k1,2,0.5,0.25");
  const page = read("out/index.html");
  expect(page).toContain("Told worst");
  expect(page.split('title="labels"').length - 1).toBe(1);
  expect(page.split('title="guesses"').length - 1).toBe(1);
});

test("labels of which a record may have several, from vectors: precision, recall, average precision of each", async () => {
  const scores = [
    [2, -1, -0.5],
    [-1, 3, -2],
    [1, 1, -3],
  ];
  const truths = [
    [1, 0, 0],
    [1, 1, 0],
    [0, 1, 0],
  ];
  const rows = (name: string, all: readonly number[][]) =>
    writeScored(
      folder,
      name,
      all.map((own, i) => ({ key: `k${i}`, label: 0, scores: own })),
    );
  await rows("several", scores);
  await rows("several_truths", truths);
  const net = (type: string): string =>
    `layer { name: "data" type: "Data" top: "data" data_param { source: "several" batch_size: 2 } }
    layer { name: "truth" type: "Data" top: "label" data_param { source: "several_truths" batch_size: 2 } }
    layer { name: "l" type: "${type}" bottom: "data" bottom: "label" top: "l" }`;
  writeFileSync(path("several.txt"), "<b>cat\ndog\n=cow\n");
  const { status, stderr } = await report(net("SigmoidCrossEntropyLoss"), "--labels=several.txt");
  expect(status, stderr).toBe(0);
  expect(stderr).toContain("mean average precision = 0.916667");
  const found = numbers();
  expect(found).toMatchObject({
    task: "multi-label classification",
    records: 3,
    exact_match: 0.333333,
  });
  expect(found.labels).toMatchObject([
    {
      name: "<b>cat",
      records: 2,
      guessed: 2,
      precision: 0.5,
      recall: 0.5,
      average_precision: 0.833333,
    },
    { name: "dog", records: 2, guessed: 2, precision: 1, recall: 1, average_precision: 1 },
    {
      name: "=cow",
      records: 0,
      guessed: 0,
      precision: null,
      recall: null,
      average_precision: null,
    },
  ]);
  const lines = read("out/predictions.csv").split("\n");
  expect(lines[0]).toBe(
    "record,name,<b>cat,probability of <b>cat,dog,probability of dog,'=cow,probability of =cow",
  );
  expect(lines[2]).toBe("1,k1,1,0.268941,1,0.952574,0,0.119203");
  const page = read("out/index.html");
  expect(page).toContain("&lt;b&gt;cat");
  expect(page).not.toMatch(/<b>cat|NaN|undefined/);
  await rows("several_truths2", [[1, 0, 2], ...truths.slice(1)]);
  const { stderr: wrong } = await report(
    net("EuclideanLoss").replace("several_truths", "several_truths2"),
    ...["--scores_blob=data", "--labels_blob=label"],
  );
  expect(wrong).toContain("record 0 (k0) has 2 for label 2. Expected 1 where it has the label");
});

test("a detector's report has the mean average precision that caffe test tells", async () => {
  cpSync("tests/golden/cases/data/detection_map_0", path("detector"), { recursive: true });
  writeFileSync(
    path("detector/names.txt"),
    'item { name: "<i>cat" label: 1 } item { name: "dog" label: 2 }',
  );
  const { status, stderr } = await caffeHere(
    [
      "test",
      "net.prototxt",
      "--weights=../none.caffemodel",
      "--report=out",
      "--labels=names.txt",
      "--ap_version=11point",
    ],
    path("detector"),
  );
  expect(status, stderr).toBe(0);
  const found = JSON.parse(read("detector/out/report.json"));
  expect(found).toMatchObject({ mean_average_precision: 0.0842803, records: 4, task: "detection" });
  expect(found.net_outputs.detection_eval).toBe(0.0842803);
  expect(found.classes[0]).toMatchObject({
    name: "<i>cat",
    objects: 4,
    detections: 10,
    average_precision: 0.151515,
  });
  expect(read("detector/out/index.html")).not.toContain("<i>cat");
  expect(read("detector/out/index.html")).toContain("found, and wrong");
  expect(found.mistakes.length).toBeGreaterThan(0);
  const [first] = found.mistakes;
  expect(first.wrong.length + first.missed.length).toBeGreaterThan(0);
  const header = read("detector/out/predictions.csv").split("\n")[0];
  expect(header).toBe("record,name,label,label_name,score,right,xmin,ymin,xmax,ymax");
});

test("caffe eval takes a run's folder", async () => {
  mkdirSync(path("run"), { recursive: true });
  const run = { model: "m", deploy: "d.prototxt", labels: "labels.txt", size: 1 };
  writeFileSync(
    path("run/run.json"),
    JSON.stringify({ ...run, image_dims: [1, 1], mean_value: [] }),
  );
  writeFileSync(path("run/labels.txt"), "a\nb\nc\nd\n");
  writeFileSync(path("run/train_val.prototxt"), scoredNet("five", 2, LOSS));
  const lost = await caffeHere(["eval", "run"], folder);
  expect(lost.stderr).toContain("run holds no weights (NAME_iter_N.caffemodel)");
  cpSync(path("none.caffemodel"), path("run/m_iter_7.caffemodel"));
  const { status, stderr } = await caffeHere(["eval", "run"], folder);
  expect(status, stderr).toBe(0);
  expect(stderr).toContain("Report in run/report/index.html");
  const found = JSON.parse(read("run/report/report.json"));
  expect(found).toMatchObject({ accuracy: 0.4, weights: "run/m_iter_7.caffemodel" });
  expect(found.classes[3].name).toBe("d");
  const both = await caffeHere(["test", "run", "--model=net.prototxt"], folder);
  expect(both.stderr).toContain("run and --model=net.prototxt are both given");
});
