import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as page from "../../src/browser/layers.ts";
import { paramFields } from "../../src/io/proto/layer-types.ts";
import { messageType } from "../../src/io/proto/messages.ts";
import * as layers from "../../src/layers/index.ts";
import { LayerRegistry } from "../../src/layers/registry.ts";

const sources = readdirSync("src/layers", { recursive: true, encoding: "utf8" });
/** Those of a layer type; others hold what several have in common. */
const files = sources.filter(
  (file) =>
    file.endsWith(".ts") &&
    /static override readonly type: string = /.test(readFileSync(`src/layers/${file}`, "utf8")),
);

test.each(files)("%s has an index line, a test, and a source", (file) => {
  const source = readFileSync(`src/layers/${file}`, "utf8");
  const type = /static override readonly type: string = "(\w+)"/.exec(source)?.[1] ?? "";
  expect(new LayerRegistry().types).toContain(type);
  expect(readFileSync("src/layers/index.ts", "utf8")).toContain(`./${file}`);
  expect(existsSync(`tests/layers/${file.replace(".ts", ".test.ts")}`)).toBe(true);
  expect(source).toMatch(/@see/);
});

test.each(Object.values(layers))("$type says which parameters it reads", (Class) => {
  const schema = messageType("LayerParameter").fields;
  for (const field of Class.paramFields) expect(schema).toHaveProperty(field);
  const entry = new RegExp(`\\b${Class.name} \\} from "\\./(.*)"`);
  const [, file] = entry.exec(readFileSync("src/layers/index.ts", "utf8")) ?? [];
  const source = readFileSync(`src/layers/${file}`, "utf8");
  const read = [...source.matchAll(/\bthis\.param\.(\w+_param)\b/g)].map(([, field]) => field);
  // HDF5Data looks whether there is one, to refuse it.
  expect(Class.paramFields).toEqual(
    expect.arrayContaining(
      read.filter((field) => `${Class.type}: ${field}` !== "HDF5Data: transform_param"),
    ),
  );
});

test("what is made of the layers' classes says what they say", () => {
  const classes = Object.entries(layers);
  expect(paramFields).toEqual(
    Object.fromEntries(classes.map(([, { type, paramFields }]) => [type, paramFields])),
  );
  expect(Object.keys(page)).toEqual(
    classes.flatMap(([name, { inBrowser }]) => (inBrowser ? [name] : [])),
  );
});

test("every field in the layers' page has a meaning", () => {
  const rows = readFileSync("docs/layers.md", "utf8").split("\n");
  expect(rows.filter((row) => /^\| .*\|\s+\|$/.test(row))).toEqual([]);
});

test("every layer's page tells its bottoms or tops, and where it comes from", () => {
  const [, ...sections] = readFileSync("docs/layers.md", "utf8").split(/^## /m);
  expect(sections.map((section) => section.split("\n")[0])).toEqual(new LayerRegistry().types);
  for (const section of sections) {
    expect(section).toMatch(/^- .*(bottom|top|any)/m);
    expect(section).toMatch(/^See .*\.$/m);
    expect(section).toMatch(/Engines: reference/);
  }
});

/** Files outside src/layers that mean one layer type and no other: they make such layers, or have words for what they hold. */
const NAMING: Readonly<Record<string, readonly string[]>> = {
  "cli/commands/detect.ts": ["Input"],
  "cli/commands/summarize.ts": ["Split"],
  "cli/run-layers.ts": ["Python"],
  "cli/same-start.ts": ["Python"],
  "dashboard/live/batch-copy.ts": ["AnnotatedData"],
  "dashboard/live/looks.ts": ["Split"],
  "doctor/checks/net/batch-norm-without-scale.ts": ["Scale"],
  "doctor/checks/net/nothing-learns.ts": ["SoftmaxWithLoss"],
  "doctor/layer-kinds.ts": [
    "BatchNorm",
    "Scale",
    "Bias",
    "ReLU",
    "Softmax",
    "Crop",
    "SoftmaxWithLoss",
    "Sigmoid",
    "SigmoidCrossEntropyLoss",
    "ImageData",
    "Data",
  ],
  "draw/layer-text.ts": ["Im2col", "Dropout", "Eltwise"],
  "engines/webgpu/lrn.ts": ["LRN"],
  "explain/explained-net.ts": ["Softmax"],
  "inference/classifier-preparation.ts": ["Input"],
  "inference/deploy-net.ts": ["Input"],
  "inference/detection-head.ts": [
    "DetectionOutput",
    "YoloDetectionOutput",
    "Yolov3DetectionOutput",
  ],
  "inference/picture-input.ts": ["Input"],
  "inference/segmenter.ts": ["ArgMax", "Sigmoid"],
  "inference/training-heads.ts": [
    "DetectionOutput",
    "YoloDetectionOutput",
    "Yolov3DetectionOutput",
  ],
  "io/text/dead-fields.ts": ["WindowData", "Input", "DetectionOutput"],
  "io/text/dialects.ts": [
    "SoftmaxWithLossOHEM",
    "SmoothL1LossOHEM",
    "Data",
    "AnnotatedData",
    "ImageData",
    "VideoData",
    "Pooling3D",
    "DenseImageData",
    "ImageSegData",
    "BoxData",
    "Softmax",
    "Normalize",
  ],
  "io/weights/net-of-weights.ts": ["Input", "Split"],
  "net-spec/params.ts": ["Parameter"],
  "net/build/insert-splits.ts": ["Split"],
  "net/tools/placeholders.ts": ["Input"],
  "net/tools/surgery.ts": ["InnerProduct", "Convolution"],
  "new-run/batch-norm.ts": ["BatchNorm", "Scale"],
  "new-run/segmenter-net.ts": ["BatchNorm", "Scale"],
  "new-run/layer-kinds.ts": [
    "Data",
    "AnnotatedData",
    "DenseImageData",
    "ImageSegData",
    "Deconvolution",
    "Silence",
    "BN",
    "Input",
    "Convolution",
    "InnerProduct",
    "SoftmaxWithLoss",
    "Softmax",
    "MultiBoxLoss",
    "DetectionOutput",
    "ReLU",
    "BatchNorm",
  ],
  "report/collect/scored.ts": ["SigmoidCrossEntropyLoss", "Split", "Softmax", "Sigmoid"],
  "tensorboard/graph-def.ts": ["Split"],
  "trial/overfit.ts": ["Dropout", "Input", "SoftmaxWithLoss"],
};

test("what tells layer types apart asks their classes: no list of types stands anywhere else", () => {
  const types = new Set(new LayerRegistry().types);
  // In onnx/ the names are those of ONNX's operators, and what each type becomes.
  const others = readdirSync("src", { recursive: true, encoding: "utf8" }).filter(
    (file) =>
      file.endsWith(".ts") &&
      !/^layers\/|^io\/upgrade\/|^io\/proto\/|^browser\/layers|^onnx\//.test(file),
  );
  const found = others.flatMap((file) => {
    const code = readFileSync(`src/${file}`, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "");
    const strings = [...code.matchAll(/"([\w ]+)"|\^?\(?((?:\w+\|)+\w+)\)?\$?\//g)].map(
      ([, one, list]) => one ?? list ?? "",
    );
    const named = strings.filter(
      (text) => types.has(text) || text.split(/[ |]/).filter((word) => types.has(word)).length > 2,
    );
    return named.length > 0 ? [[file, [...new Set(named)]] as const] : [];
  });
  expect(Object.fromEntries(found)).toEqual(NAMING);
});
