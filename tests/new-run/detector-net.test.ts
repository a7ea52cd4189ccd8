import { expect, test } from "vitest";
import type { LayerParameter } from "../../src/io/proto/caffe.ts";
import { Net } from "../../src/net/net.ts";
import { withPlaceholders } from "../../src/net/tools/placeholders.ts";
import { readBaseModel } from "../../src/new-run/base-model.ts";
import { detectorFor } from "../../src/new-run/detector-net.ts";

const form = (classes: number, size: number, id = "mobilenet_ssd") => {
  const { trainVal, deploy } = readBaseModel(id, ["detection"]);
  const [made, used] = [trainVal, deploy].map((net) => detectorFor(net, { classes, size }));
  return { trainVal: made?.net ?? {}, deploy: used?.net ?? {}, made };
};
const find = (layers: readonly LayerParameter[] = [], type: string): LayerParameter[] =>
  layers.filter((layer) => layer.type === type);

test("scores are those of the classes and the background, for every box of every map", () => {
  const { trainVal, deploy, made } = form(3, 128);
  // Maps of 8, 4, 2, 1, 1 and 1 places a side; three boxes in a place of the first, six in one of the others.
  const boxes = 3 * 64 + 6 * (16 + 4 + 1 + 1 + 1);
  using net = new Net(withPlaceholders(deploy), { silent: true });
  expect(net.blob("mbox_conf").shape).toEqual([1, 4 * boxes]);
  expect(net.blob("mbox_loc").shape).toEqual([1, 4 * boxes]);
  expect(net.blob("mbox_conf_softmax").shape).toEqual([1, boxes, 4]);
  const counts = (layers: readonly LayerParameter[] | undefined): (number | undefined)[] =>
    (layers ?? []).flatMap(
      ({ multibox_loss_param, detection_output_param, detection_evaluate_param }) =>
        [multibox_loss_param, detection_output_param, detection_evaluate_param].flatMap((param) =>
          param ? [param.num_classes] : [],
        ),
    );
  expect(counts(trainVal.layer)).toEqual([4, 4, 4]);
  expect(made?.scores.size).toBe(6);
  expect(made?.heads.size).toBe(12);
});

test("boxes are as large beside the picture as they were, in whole pixels", () => {
  const sizes = find(form(3, 128).deploy.layer, "PriorBox").map(({ prior_box_param }) => [
    ...(prior_box_param?.min_size ?? []),
    ...(prior_box_param?.max_size ?? []),
  ]);
  expect(sizes).toEqual([[26], [45, 64], [64, 83], [83, 102], [102, 122], [122, 128]]);
});

test("pictures come in the new size, and steps of the old one are left out", () => {
  const { trainVal, deploy } = form(1, 512, "ssd300_vgg16");
  const sizes = find(trainVal.layer, "AnnotatedData").map(({ transform_param }) =>
    transform_param?.resize_param?.map(({ height, width }) => [height, width]),
  );
  expect(sizes).toEqual([[[512, 512]], [[512, 512]]]);
  expect(find(deploy.layer, "Input")[0]?.input_param?.shape?.[0]?.dim).toEqual([1, 3, 512, 512]);
  expect(
    find(deploy.layer, "PriorBox").map(({ prior_box_param }) => prior_box_param?.step),
  ).toEqual(Array.from({ length: 6 }));
  // Of its own size, it is as it was.
  const [first] = find(form(20, 300, "ssd300_vgg16").deploy.layer, "PriorBox");
  expect(first?.prior_box_param?.step).toBe(8);
});
