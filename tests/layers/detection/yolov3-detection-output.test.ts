import { expect, test } from "vitest";
import { describeEngines } from "../../support/engines.ts";
import { forward, layerNet } from "../../support/nets.ts";

const output = (more = ""): string =>
  `type: "Yolov3DetectionOutput" bottom: "a" top: "y" yolov3_detection_output_param { num_classes: 2 num_box: 1 mask_group_num: 1 biases: 8 biases: 8 biases: 16 biases: 32 mask: 1 anchors_scale: 32 ${more} }`;

describeEngines("Yolov3DetectionOutput", (engines) => {
  test("gives a box for every class that is sure enough, of the anchor in the mask", async () => {
    const net = layerNet(output("confidence_threshold: 0.4 nms_threshold: 1.1"), [[1, 7, 1, 1]], {
      engines,
    });
    const [rows] = await forward(net, [0, 0, 0, 0, 40, 0, 40]);
    expect(rows).toBeAllClose([0, 2, 1, 0.25, 0, 0.75, 1, 0, 1, 0.5, 0.25, 0, 0.75, 1]);
  });

  test("of no box gives a row for each image", async () => {
    const net = layerNet(output("confidence_threshold: 0.9"), [[2, 7, 1, 1]], { engines });
    const [rows] = await forward(net, new Array<number>(14).fill(0));
    expect(rows).toEqual([0, -1, -1, -1, -1, -1, -1, 1, -1, -1, -1, -1, -1, -1]);
  });

  test("believes boxes less that are unsure of where they are, with gaussian_box", async () => {
    const net = layerNet(output("gaussian_box: true"), [[1, 11, 1, 1]], { engines });
    const [rows] = await forward(net, [0, -40, 0, -40, 0, 0, 0, 0, 40, -40, 40]);
    expect(rows).toBeAllClose([0, 2, 0.75, 0.25, 0, 0.75, 1]);
  });
});

test("boxes of several images are all the first one's, which is said once", async () => {
  const warnings: string[] = [];
  const log = (_level: string, _source: string, text: string) => warnings.push(text);
  const net = layerNet(output("confidence_threshold: 0.9"), [[2, 7, 1, 1]], { log });
  const [rows] = await forward(net, [...new Array<number>(7).fill(-40), 0, 0, 0, 0, 40, 0, 40]);
  await net.forward();
  expect(rows?.[0]).toBe(0);
  const said = warnings.filter((text) => text.includes("Expected batch_size: 1"));
  expect(said).toHaveLength(1);
  layerNet(output(), [[1, 7, 1, 1]], { log });
  expect(warnings.filter((text) => text.includes("Expected batch_size: 1"))).toHaveLength(1);
});

test.each([
  ["mask_group_num: 1", "mask_group_num: 2", [1, 7, 1, 1], "1 bottoms, mask_group_num 2"],
  ["num_box: 1", "num_box: 2", [1, 14, 1, 1], "Expected num_box 2 mask entries"],
  ["mask: 1", "mask: 5", [1, 7, 1, 1], "two biases for each anchor"],
  ["", "", [1, 8, 1, 1], "bottom has 8 channels"],
])("Yolov3DetectionOutput refuses, for %s, %s of shape %j", (from, to, shape, message) => {
  expect(() => layerNet(output().replace(from, to), [shape])).toThrow(message);
});
