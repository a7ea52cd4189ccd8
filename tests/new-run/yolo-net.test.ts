import { expect, test } from "vitest";
import type { LayerParameter } from "../../src/io/proto/caffe.ts";
import { Net } from "../../src/net/net.ts";
import { withPlaceholders } from "../../src/net/tools/placeholders.ts";
import { readBaseModel } from "../../src/new-run/base-model.ts";
import { detectorFor } from "../../src/new-run/detector-net.ts";
import { countAnchors, withAnchors } from "../../src/new-run/yolo-net.ts";

const form = (id: string, classes: number, size: number) => {
  const { trainVal, deploy } = readBaseModel(id, ["detection"]);
  const [made, used] = [trainVal, deploy].map((net) => detectorFor(net, { classes, size }));
  return { trainVal: made?.net ?? {}, deploy: used?.net ?? {}, scores: [...(made?.scores ?? [])] };
};

/** Classes, cells in a row and anchors, of the layers that know them. */
function cells(layers: readonly LayerParameter[] = []) {
  return layers.flatMap((one) => {
    const loss = one.region_loss_param ?? one.yolov3_param;
    const output = one.yolo_detection_output_param ?? one.yolov3_detection_output_param;
    if (loss) return [[loss.num_class, loss.side, ...(loss.biases ?? [])]];
    return output ? [[output.num_classes, undefined, ...(output.biases ?? [])]] : [];
  });
}

test.each([
  [
    "yolov2_tiny",
    3,
    { conv9: [1, 40, 6, 6] },
    [
      [3, 6],
      [3, undefined],
    ],
  ],
  [
    "yolov3_tiny",
    1,
    { conv10: [1, 18, 6, 6], conv13: [1, 18, 12, 12] },
    [
      [1, 6],
      [1, 12],
      [1, undefined],
    ],
  ],
] as const)(
  "%s: classes, cells and anchors follow, and the net is whole",
  (id, classes, shapes, counts) => {
    const { trainVal, deploy, scores } = form(id, classes, 192);
    expect(scores).toEqual(Object.keys(shapes));
    expect(cells(trainVal.layer).map((one) => one.slice(0, 2))).toEqual(counts);
    const own = cells(readBaseModel(id, ["detection"]).deploy.layer)[0] ?? [];
    const [scaled = []] = cells(deploy.layer);
    own.slice(2).forEach((side, i) => {
      expect(scaled[i + 2]).toBeCloseTo(((side ?? 0) * 192) / 416, 3);
    });
    const judge = trainVal.layer?.find(({ detection_evaluate_param }) => detection_evaluate_param);
    expect(judge?.detection_evaluate_param?.num_classes).toBe(classes + 1);
    using net = new Net(withPlaceholders(deploy), { silent: true });
    for (const [name, shape] of Object.entries(shapes)) expect(net.blob(name).shape).toEqual(shape);
  },
);

test("anchors are cells of YOLOv2, and pixels of YOLOv3", () => {
  const [two, three] = ["yolov2_tiny", "yolov3_tiny"].map((id) => form(id, 3, 160).trainVal);
  expect([countAnchors(two ?? {}), countAnchors(three ?? {})]).toEqual([5, 6]);
  const anchors = [[0.1, 0.2] as const];
  expect(cells(withAnchors(two ?? {}, anchors, 160).layer)[0]?.slice(2)).toEqual([0.5, 1]);
  expect(cells(withAnchors(three ?? {}, anchors, 160).layer)[0]?.slice(2)).toEqual([16, 32]);
});

test("a size that cells do not divide is refused", () => {
  expect(() => form("yolov3_tiny", 3, 200)).toThrow(
    "YOLOv3-tiny does not work on 200×200 pixels: its cells are 32 pixels wide. Expected a multiple of 32, as 192.",
  );
});
