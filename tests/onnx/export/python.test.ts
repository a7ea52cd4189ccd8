import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { toOnnx } from "../../../src/onnx/export/to-onnx.ts";
import { layerNet, noise } from "../../support/nets.ts";
import { expectSameRows } from "../../support/onnx-rows.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const python = (module: string, layer: string, text: string): string =>
  `python_param { module: "${module}" layer: "${layer}" param_str: "${text}" }`;

test.each([
  ["'feat_stride': 16", 9],
  ["{'feat_stride': 8, 'scales': [4, 8], 'RPN_MIN_SIZE': 0, 'RPN_POST_NMS_TOP_N': 12}", 6],
])("py-faster-rcnn's ProposalLayer is Proposal: %s", async (text, anchors) => {
  const rows = await expectSameRows(
    `type: "Python" bottom: "a" bottom: "b" bottom: "c" top: "y" top: "z" ${python("rpn.proposal_layer", "ProposalLayer", text)}`,
    [
      [[1, 2 * anchors, 6, 8], noise(2 * anchors * 48, 1)],
      [[1, 4 * anchors, 6, 8], noise(4 * anchors * 48, 2).map((v) => v / 2)],
      [
        [1, 3],
        [96, 128, 1],
      ],
    ],
  );
  expect(rows.length).toBeGreaterThan(5);
});

const dropout = (text: string): string =>
  `type: "Python" bottom: "a" top: "y" ${python("spatial_dropout", "SpatialDropoutLayer", text)}`;

test.each(["0.1", "0.5"])("ENet's dropout of %s is a factor", async (p) => {
  await expectSameRows(dropout(`{'phase': 'TEST', 'p': '${p}'}`), [[[2, 3, 2], noise(12)]]);
});

test("a layer that drops by chance, and one of the user's own, have no form", async () => {
  using drops = layerNet(dropout("{'phase': 'TRAIN', 'p': '0.5'}"), [[2, 3]], { phase: "TEST" });
  await expect(toOnnx(drops)).rejects.toThrow("drops channels by chance. Expected 'TEST'");
  const root = temporaryFolder();
  writeFileSync(
    join(root, "own.mjs"),
    "export class Own { setup() {} reshape([x], [y]) { y.reshapeLike(x); } forward() {} backward() {} }",
  );
  using own = layerNet(
    `type: "Python" bottom: "a" top: "y" ${python("own.mjs", "Own", "")}`,
    [[2, 3]],
    { phase: "TEST", root },
  );
  await expect(toOnnx(own)).rejects.toThrow(
    '"t" (Python: it is a program of its own) has no form in ONNX. Expected a net without: cut it before',
  );
});

test("a module of the user's in the place of a layer that is known is told apart", async () => {
  const root = temporaryFolder();
  writeFileSync(
    join(root, "spatial_dropout.js"),
    "export class SpatialDropoutLayer { setup() {} reshape([x], [y]) { y.reshapeLike(x); } forward() {} backward() {} }",
  );
  using net = layerNet(dropout("{'phase': 'TEST', 'p': '0.5'}"), [[2, 3]], { phase: "TEST", root });
  await expect(toOnnx(net)).rejects.toThrow(/"t" \(Python: a module of its name is there and runs/);
});
