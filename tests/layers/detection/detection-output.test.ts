import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, keptLog, layerNet } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

/** Three priors, of which the first two overlap by a third. */
const priors = [0, 0, 0.4, 1, 0.2, 0, 0.6, 1, 0.8, 0, 1, 1, ...new Array<number>(12).fill(0.1)];
const layer = (param = ""): string =>
  `type: "DetectionOutput" bottom: "a" bottom: "b" bottom: "c" top: "y" detection_output_param { num_classes: 3 ${param} }`;
const shapesOf = (batch: number): number[][] => [
  [batch, 12],
  [batch, 9],
  [1, 2, 12],
];
const none = new Array<number>(12).fill(0);
/** A score for each prior: background, class 1, class 2. */
const scores = [0, 0.9, 0.1, 0, 0.8, 0.2, 0.5, 0.6, 0.7];

/** The rows of a pass. */
async function rowsOf(param: string, ...[loc, conf, engines]: [number[], number[], never?]) {
  const net = layerNet(layer(param), shapesOf(loc.length / 12), engines ? { engines } : {});
  const [values = []] = await forward(net, loc, conf, priors);
  return Array.from({ length: values.length / 7 }, (_, i) =>
    values.slice(7 * i, 7 * i + 7).map((x) => Number(x.toFixed(4))),
  );
}

const row = (image: number, label: number, score: number, prior: number): number[] => [
  image,
  label,
  score,
  ...priors.slice(4 * prior, 4 * prior + 4),
];

describeEngines("DetectionOutput", (engines) => {
  test("keeps the best of those that overlap, class by class", async () => {
    expect(
      await rowsOf(
        "confidence_threshold: 0.15 nms_param { nms_threshold: 0.3 }",
        none,
        scores,
        engines as never,
      ),
    ).toEqual([row(0, 1, 0.9, 0), row(0, 1, 0.6, 2), row(0, 2, 0.7, 2), row(0, 2, 0.2, 1)]);
  });
});

describeEngines("DetectionOutput with no_permute", (engines) => {
  test("takes the predictions of two maps as convolutions leave them", async () => {
    // The first map has two pixels and one box, the second one pixel and two boxes: four priors in a row.
    const boxes = [0, 0.25, 0.5, 0.75].flatMap((x) => [x, 0, x + 0.2, 1]);
    const text = `type: "DetectionOutput" ${["a", "b", "c", "d", "e"].map((name) => `bottom: "${name}"`).join(" ")} top: "y" detection_output_param { num_classes: 3 no_permute: true nbottom: 2 confidence_threshold: 0.15 }`;
    const shapes = [
      [2, 3, 1, 2],
      [2, 3, 2, 1],
      [2, 4, 1, 2],
      [2, 8, 1, 1],
      [1, 2, 16],
    ];
    const net = layerNet(text, shapes, { engines });
    const [values = []] = await forward(
      net,
      // Class by class; the second image finds the other pixel of the first map.
      [0, 0, 0.9, 0, 0, 0.2, 0, 0, 0, 0.5, 0, 0],
      [0, 0, 0, 0.8, 0.3, 0, 0, 0, 0, 0, 0, 0],
      // The left edge of the second pixel's box moves by 1, times the variance.
      [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      [...boxes, ...new Array<number>(16).fill(0.1)],
    );
    const rows = Array.from({ length: values.length / 7 }, (_, i) =>
      values.slice(7 * i, 7 * i + 7).map((x) => Number(x.toFixed(4))),
    );
    expect(rows).toEqual([
      [0, 1, 0.9, 0, 0, 0.2, 1],
      [0, 1, 0.8, 0.75, 0.2, 0.95, 1],
      [0, 2, 0.3, 0.5, 0, 0.7, 1],
      [0, 2, 0.2, 0.35, 0, 0.45, 1],
      [1, 1, 0.5, 0.25, 0, 0.45, 1],
    ]);
  });
});

test.each([
  [
    "nbottom: 3",
    [
      [1, 3, 1, 1],
      [1, 4, 1, 1],
      [1, 2, 4],
    ],
    "3 bottoms. Expected 7",
  ],
  [
    "nbottom: 1",
    [
      [1, 3, 1, 1],
      [1, 8, 1, 1],
      [1, 2, 4],
    ],
    "scores 0 have shape (1,3,1,1)",
  ],
  [
    "nbottom: 1",
    [
      [1, 3, 1, 1],
      [1, 4, 1, 1],
      [1, 2, 8],
    ],
    "Expected (1,2,4)",
  ],
])("no_permute with %s of %j is refused", (param, shapes, message) => {
  expect(() => layerNet(layer(`no_permute: true ${param}`), shapes)).toThrow(message);
});

test.each([
  [
    "what overlaps by less stays",
    "nms_param { nms_threshold: 0.4 } confidence_threshold: 0.75",
    [row(0, 1, 0.9, 0), row(0, 1, 0.8, 1)],
  ],
  [
    "a score of the threshold itself does not count",
    "confidence_threshold: 0.9",
    [[0, -1, -1, -1, -1, -1, -1]],
  ],
  [
    "the best of all classes",
    "keep_top_k: 2 nms_param { nms_threshold: 0.3 }",
    [row(0, 1, 0.9, 0), row(0, 2, 0.7, 2)],
  ],
  ["the best of each class", "nms_param { top_k: 1 }", [row(0, 1, 0.9, 0), row(0, 2, 0.7, 2)]],
  [
    "another background",
    "background_label_id: 1 confidence_threshold: 0.4",
    [row(0, 0, 0.5, 2), row(0, 2, 0.7, 2)],
  ],
])("DetectionOutput: %s", async (_title, param, want) => {
  expect(await rowsOf(param, none, scores)).toEqual(want);
});

test("the variances multiply a location, unless they are within it", async () => {
  const moved = [...none.slice(0, 8), 1, 1, 1, 1];
  const one = "confidence_threshold: 0.65 background_label_id: 1";
  expect(await rowsOf(one, moved, scores)).toEqual([[0, 2, 0.7, 0.9, 0.1, 1.1, 1.1]]);
  expect(await rowsOf(`${one} variance_encoded_in_target: true`, moved, scores)).toEqual([
    [0, 2, 0.7, 1.8, 1, 2, 2],
  ]);
});

test("boxes of pixels have their last pixel within, and priors that need no variances", async () => {
  const found = async (nms_threshold: number): Promise<number[][]> => {
    const text = `type: "DetectionOutput" bottom: "a" bottom: "b" bottom: "c" top: "y" detection_output_param {
      num_classes: 2 code_type: CENTER_SIZE variance_encoded_in_target: true normalized_bbox: false
      confidence_threshold: 0.1 nms_param { nms_threshold: ${nms_threshold} } }`;
    const net = layerNet(text, [
      [1, 8],
      [1, 4],
      [1, 1, 8],
    ]);
    const regions = [0, 0, 9, 9, 5, 0, 14, 9];
    const [values = []] = await forward(net, new Array(8).fill(0), [0, 0.9, 0, 0.8], regions);
    return Array.from({ length: values.length / 7 }, (_, i) => values.slice(7 * i + 3, 7 * i + 7));
  };
  // Ten pixels wide, from the first edge on; 6·11 of 2·11·11 − 6·11 pixels are shared.
  const [first, second] = [
    [0, 0, 10, 10],
    [5, 0, 15, 10],
  ];
  expect(await found(0.37)).toEqual([first]);
  expect(await found(0.38)).toEqual([first, second]);
});

test("an image of nothing among others has no row; a batch of nothing has one for each", async () => {
  const quiet = new Array<number>(9).fill(0);
  const param = "confidence_threshold: 0.85";
  const two = [...none, ...none];
  expect(await rowsOf(param, two, [...quiet, ...scores])).toEqual([row(1, 1, 0.9, 0)]);
  expect(await rowsOf(param, two, [...quiet, ...quiet])).toEqual([
    [0, -1, -1, -1, -1, -1, -1],
    [1, -1, -1, -1, -1, -1, -1],
  ]);
});

test("scores that are no numbers are none", async () => {
  const broken = new Array<number>(9).fill(Number.NaN);
  expect(await rowsOf("", none, broken)).toEqual([[0, -1, -1, -1, -1, -1, -1]]);
});

test.each([
  ["background_label_id: -1", shapesOf(1), "shared locations stand for label -1"],
  ["nms_param { eta: 0 }", shapesOf(1), "eta is 0"],
  ["nms_param { nms_threshold: -1 }", shapesOf(1), "nms_threshold is -1"],
  [
    "",
    [
      [1, 8],
      [1, 9],
      [1, 2, 12],
    ],
    "locations have shape (1,8). Expected 1 times 12",
  ],
  [
    "",
    [
      [1, 12],
      [2, 9],
      [1, 2, 12],
    ],
    "scores have shape (2,9). Expected 1 times 9",
  ],
])("DetectionOutput refuses %s", (param, shapes, message) => {
  expect(() => layerNet(layer(param), shapes)).toThrow(message);
});

test("a prior without an area is an error where sizes are divided by its own", async () => {
  const net = layerNet(layer("code_type: CENTER_SIZE"), shapesOf(1));
  await expect(forward(net, none, scores, new Array<number>(24).fill(0))).rejects.toThrow(
    "prior 0 is (0, 0, 0, 0)",
  );
});

test("writes the detections of a round of images", async () => {
  const root = temporaryFolder();
  const items = ["cat", "do/g"].map((name, i) => `item { name: "${name}" label: ${i + 1} }\n`);
  writeFileSync(join(root, "map"), items.join("").replace("do/g", "dog"));
  writeFileSync(join(root, "sizes"), "first 100 200\n17 50 50\n");
  const param = (format: string): string =>
    `confidence_threshold: 0.65 save_output_param { output_directory: "out" output_name_prefix: "${format}_" output_format: "${format}" label_map_file: "map" name_size_file: "sizes" }`;
  for (const format of ["VOC", "COCO", "ILSVRC"]) {
    const net = layerNet(layer(param(format)), shapesOf(2), { root });
    await forward(net, [...none, ...none], [...scores, ...scores], priors);
  }
  const text = (name: string): string => readFileSync(join(root, "out", name), "utf8");
  expect(text("VOC_cat.txt")).toBe("first 0.9 0 0 80 100\n17 0.9 0 0 20 50\n");
  expect(text("VOC_dog.txt")).toBe("first 0.7 160 0 200 100\n17 0.7 40 0 50 50\n");
  expect(text("ILSVRC_.txt").split("\n")[1]).toBe("first 2 0.7 160 0 200 100");
  const coco = JSON.parse(text("COCO_.json"));
  expect(coco[3]).toEqual({
    image_id: 17,
    category_id: "dog",
    bbox: [40, 0, 10, 50],
    score: 0.699999988,
  });
});

test.each([
  ['label_map_file: "map"', "has no name_size_file: no detections are written"],
  ['name_size_file: "sizes"', "has no label_map_file: no detections are written"],
])("says that nothing is written: %s", (files, message) => {
  const { log, lines } = keptLog();
  layerNet(layer(`save_output_param { output_directory: "out" ${files} }`), shapesOf(1), { log });
  expect(lines.join()).toContain(message);
});
