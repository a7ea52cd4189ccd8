// What py-faster-rcnn does in Python layers: src/layers/rcnn/proposal-layer.ts and anchor-target-layer.ts.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ANCHOR_KEYS, anchorOptions } from "../../../src/layers/rcnn/anchors.ts";
import { ParamStr } from "../../../src/layers/rcnn/param-str.ts";
import { forward, layerNet } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const proposals = (param = "'feat_stride': 16, 'scales': [1]"): string =>
  `type: "Python" bottom: "a" bottom: "b" bottom: "c" top: "y" top: "z" python_param { module: "rpn.proposal_layer" layer: "ProposalLayer" param_str: "${param}" }`;
const shapes = [
  [1, 6, 1, 1],
  [1, 12, 1, 1],
  [1, 3],
];
/** Scores of background do not count. */
const scores = [9, 9, 9, 0.5, 0.9, 0.7];
const still = new Array<number>(12).fill(0);

describe("ProposalLayer of py-faster-rcnn", () => {
  test("anchors within the image, the best first, those that overlap left out", async () => {
    const net = layerNet(proposals(), shapes);
    const [rois, own] = await forward(net, scores, still, [100, 100, 1]);
    // Of 23 × 12, 16 × 16 and 11 × 22 pixels around (7.5, 7.5) the first and the last are cut to less than 16 at the edges.
    expect(rois).toEqual([0, 0, 0, 16, 16]);
    expect(own).toBeAllClose([0.9]);
  });

  test("deltas move and stretch; sizes are tested at the image's scale", async () => {
    const net = layerNet(proposals(), shapes);
    const deltas = [...still.slice(0, 4), 2, 1, Math.log(2), 0, ...still.slice(8)];
    const [rois] = await forward(net, scores, deltas, [100, 100, 1]);
    // 32 wide around 8 + 32, 16 high around 8 + 16.
    expect(rois).toBeAllClose([0, 24, 16, 56, 32]);
    expect((await forward(net, scores, deltas, [100, 100, 3]))[0]).toEqual([]);
  });

  test("scores and deltas that are no numbers make no boxes of it", async () => {
    const broken = new Array<number>(12).fill(Number.NaN);
    expect(
      (await forward(layerNet(proposals(), shapes), scores, broken, [100, 100, 1]))[0],
    ).toEqual([]);
  });

  test("passes nothing back", async () => {
    const net = layerNet(proposals(), shapes);
    await forward(net, scores, still, [100, 100, 1]);
    await net.backward();
    expect([...net.blob("b").diffValues()]).toEqual(still);
  });

  test("a module of that name beside the net comes first", async () => {
    const root = temporaryFolder();
    const code =
      "exports.ProposalLayer = class { setup() {} reshape(b, t) { t[0].reshape([1]); t[1].reshape([1]); } forward(b, t) { t[0].data.fill(7); } backward() {} };";
    writeFileSync(join(root, "rpn.proposal_layer.cjs"), code);
    const net = layerNet(proposals(), shapes, { root });
    expect((await forward(net, scores, still, [100, 100, 1]))[0]).toEqual([7]);
  });

  test.each([
    [
      proposals(),
      [
        [1, 8, 1, 1],
        [1, 12, 1, 1],
        [1, 3],
      ],
      "scores have shape (1,8,1,1). Expected (1,6,1,1)",
    ],
    [
      proposals(),
      [
        [2, 6, 1, 1],
        [1, 12, 1, 1],
        [1, 3],
      ],
      "scores have shape (2,6,1,1)",
    ],
    [proposals("'scales': [1]"), shapes, "Expected 'feat_stride'"],
    [proposals("'feat_stride': 16, 'sizes': [1]"), shapes, "param_str has sizes"],
    [proposals("'feat_stride': 16, 'ratios': []"), shapes, "Expected 'ratios': [a, b, …]"],
  ])("refuses %s", (text, bottoms, message) => {
    expect(() => layerNet(text, bottoms)).toThrow(message);
  });
});

test.each([
  ["'feat_stride': 16", [8, 16, 32], [0.5, 1, 2]],
  ["{'feat_stride': 16, 'scales': [2, 4]}", [2, 4], [0.5, 1, 2]],
  ["{'feat_stride': 16, 'ratios': [0.333, 3], 'scales': [2]}", [2], [0.333, 3]],
  ["feat_stride: 16\nscales: !!python/tuple [3]", [3], [0.5, 1, 2]],
])("param_str in YAML: %s", (text, scales, ratios) => {
  const options = anchorOptions(new ParamStr(text, ANCHOR_KEYS));
  expect(options).toEqual({ stride: 16, base: 16, scales, ratios });
});

describe("AnchorTargetLayer of py-faster-rcnn", () => {
  const layer =
    'type: "Python" bottom: "a" bottom: "b" bottom: "c" bottom: "d" top: "l" top: "t" top: "w" top: "x" python_param { module: "rpn.anchor_target_layer" layer: "AnchorTargetLayer" param_str: "\'feat_stride\': 16, \'scales\': [1]" }';
  const bottoms = (objects: number, width: number): number[][] => [
    [1, 6, 1, width],
    [objects, 5],
    [1, 3],
    [1, 1, 1, 1],
  ];

  test("the anchor of an object learns it, others background, those outside nothing", async () => {
    const net = layerNet(layer, bottoms(1, 3));
    const scores = new Array<number>(18).fill(0);
    await forward(net, scores, [16, 0, 31, 15, 1], [100, 48, 1], [0]);
    // Squares at 0, 16 and 32 lie inside; the others reach above the image.
    expect([...net.blob("l").values()]).toEqual([-1, -1, -1, 0, 1, 0, -1, -1, -1]);
    expect([...net.blob("w").values()].filter((x) => x === 1)).toHaveLength(4);
    expect([...net.blob("x").values()].filter((x) => x > 0)).toBeAllClose(
      new Array(12).fill(1 / 3),
    );
    expect([...net.blob("t").values()].slice(12, 24)).toBeAllClose([
      1, 0, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ]);
  });

  test("without objects all that lie inside are background", async () => {
    const net = layerNet(layer, bottoms(0, 3));
    await forward(net, new Array<number>(18).fill(0), [], [100, 48, 1], [0]);
    expect([...net.blob("l").values()].slice(3, 6)).toEqual([0, 0, 0]);
  });

  test("of too many 256 are drawn", async () => {
    const net = layerNet(layer, bottoms(1, 300));
    await forward(net, new Array<number>(1800).fill(0), [0, 0, 15, 15, 1], [100, 4800, 1], [0]);
    const labels = [...net.blob("l").values()];
    expect([1, 0].map((label) => labels.filter((one) => one === label).length)).toEqual([1, 255]);
  });
});
