// The detectors and segmenters among the models are known to ObjectDetector and Segmenter by their deploy files.
import { expect, test } from "vitest";
import { readClassNames } from "../../src/inference/class-names.ts";
import { ObjectDetector } from "../../src/inference/object-detector.ts";
import { Segmenter } from "../../src/inference/segmenter.ts";
import { withPlaceholders } from "../../src/net/tools/placeholders.ts";
import { silent } from "../../src/util/log.ts";

const deploy = (model: string) => withPlaceholders(`models/${model}/deploy.prototxt`);

test.each([
  ["ssd300_vgg16", undefined],
  ["mobilenet_ssd", undefined],
  ["yolov2_tiny", undefined],
  ["yolov3_tiny", undefined],
  ["faster-rcnn-vgg16", "short"],
  ["rfcn-resnet50", "short"],
])("%s finds VOC's classes", (model, resize) => {
  using detector = new ObjectDetector(deploy(model), { names: readClassNames("voc"), log: silent });
  expect(detector.preparation.resize).toBe(resize);
  expect(detector.wantsRegions).toBe(false);
});

test.each(["pspnet50", "segnet", "fcn32s"])("%s says what pixels show", (model) => {
  using segmenter = new Segmenter(deploy(model), { log: silent });
  expect(segmenter.inputShape).toHaveLength(4);
});
