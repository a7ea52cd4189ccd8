import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { forward, layerNet } from "../../support/nets.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const layer = (param = "", more = ""): string =>
  `type: "FrcnnOutput" bottom: "a" bottom: "b" bottom: "c" bottom: "d" top: "y" frcnn_output_param { ${param} } ${more}`;
const shapes = [[3, 3], [3, 12], [3, 5], [1, 2]]; // biome-ignore format: short
const still = new Array<number>(36).fill(0);
const rois = [0, 0, 0, 9, 9, 0, 1, 0, 10, 9, 0, 20, 0, 29, 9];
const size = [30, 25];
const scores = [0, 0.9, 0.2, 0, 0.8, 0.5, 0, 0.1, 0.7];
const fake = [0, -1, -1, -1, -1, -1, -1];

test("FrcnnOutput keeps the best of what overlaps in each class, and cuts boxes to the input", async () => {
  const net = layerNet(layer("conf_thr: 0.3 iou_thr: 0.5"), shapes);
  const [y = []] = await forward(net, scores, still, rois, size);
  const f = Math.fround;
  expect(y).toEqual([
    ...fake,
    ...[0, 0, 0, 9, 9, 1, f(0.9)],
    ...[0, 20, 0, 25, 9, 2, f(0.7)],
    ...[0, 1, 0, 10, 9, 2, f(0.5)],
  ]);
});

test("FrcnnOutput keeps the max_det_num best of all classes; without any a row stands for the image", async () => {
  const best = layerNet(layer("conf_thr: 0.3 max_det_num: 2"), shapes);
  const [y = []] = await forward(best, scores, still, rois, size);
  expect([5, 12, 19].map((i) => y[i])).toEqual([-1, 1, 2]);
  const none = layerNet(layer("conf_thr: 0.95"), shapes);
  expect(await forward(none, scores, still, rois, size)).toEqual([fake]);
  expect(
    await forward(
      none,
      scores.map(() => Number.NaN),
      still,
      rois,
      size,
    ),
  ).toEqual([fake]);
});

test("FrcnnOutput refuses regions of other images and those that are turned round", async () => {
  const net = layerNet(layer(), shapes);
  await expect(forward(net, scores, still, [1, ...rois.slice(1)], size)).rejects.toThrow(
    "region 0 is (0, 0, 9, 9) of image 1",
  );
  await expect(
    forward(net, scores, still, [0, Number.NaN, ...rois.slice(2)], size),
  ).rejects.toThrow("edges the right way round");
  expect(() => layerNet(layer("", "bbox_reg_param { cls_aware: false }"), shapes)).toThrow(
    "Expected 3×8",
  );
});

test("FrcnnOutput writes files of detections in pixels of the image", async () => {
  const root = temporaryFolder();
  writeFileSync(join(root, "sizes.txt"), "first 60 50\n");
  const names = ["none", "cat", "dog"];
  writeFileSync(
    join(root, "map.prototxt"),
    names
      .map((name, label) => `item { name: "${name}" label: ${label} display_name: "${name}" }`)
      .join("\n"),
  );
  const net = layerNet(
    layer(
      'conf_thr: 0.6 save_output_param { output_directory: "out" output_format: "VOC" label_map_file: "map.prototxt" name_size_file: "sizes.txt" }',
    ),
    shapes,
    { root },
  );
  await forward(net, scores, still, rois, size);
  expect(readFileSync(join(root, "out/cat.txt"), "utf8")).toBe("first 0.9 0 0 18 18\n");
  expect(readFileSync(join(root, "out/dog.txt"), "utf8")).toBe("first 0.7 40 0 50 18\n");
});
