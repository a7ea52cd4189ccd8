import { expect, test } from "vitest";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import { Net } from "../../../src/net/net.ts";
import { DetectedRecords, detectionLayer } from "../../../src/report/collect/detected.ts";

test("pictures that were seen before count for nothing, neither as detections nor as objects", async () => {
  const text = `layer { name: "in" type: "Input" top: "det" top: "label" input_param { shape { dim: 1 dim: 1 dim: 3 dim: 7 } shape { dim: 1 dim: 1 dim: 3 dim: 8 } } }
    layer { name: "eval" type: "DetectionEvaluate" bottom: "det" bottom: "label" top: "eval" detection_evaluate_param { num_classes: 3 evaluate_difficult_gt: false } }`;
  const net = new Net(parsePrototxt("NetParameter", text, "net"), { phase: "TEST" });
  const box = [0.1, 0.1, 0.5, 0.5];
  net.blob("det").data.set([0, 1, 0.9, ...box, 0, 2, 0.8, ...box, 1, 1, 0.7, ...box]);
  net.blob("label").data.set([0, 1, 0, ...box, 0, 1, 1, 0, ...box, 0, 1, 2, 0, ...box, 1]);
  await net.forward();
  const layer = detectionLayer(net);
  expect(layer).toBe(1);
  const [both, one] = [new DetectedRecords(net, 1), new DetectedRecords(net, 1)];
  both.add(0, 2);
  one.add(10, 1);
  const objects = (records: DetectedRecords) =>
    records.scores.classes("Integral").map((each) => [each.label, each.objects, each.detections]);
  // The difficult object of class 2 is no object either way.
  expect(objects(both)).toEqual([
    [1, 2, 2],
    [2, 0, 1],
  ]);
  expect(objects(one)).toEqual([
    [1, 1, 1],
    [2, 0, 1],
  ]);
  expect(one.objects.map(({ record, label, isRight }) => [record, label, isRight])).toEqual([
    [10, 1, true],
    [10, 2, false],
  ]);
  net.close();
});
