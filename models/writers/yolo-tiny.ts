import { L, type Top } from "../../src/index.ts";
import { annotated, evaluated } from "./detection.ts";
import { input, type Model, named, Writer } from "./model.ts";
import { normalise } from "./residual.ts";

const SIDE = 416;
const PICTURES = { side: SIDE, batch: 16, testBatch: 1, scale: 1 / 255, isYolo: true } as const;
/** Classes of PASCAL VOC; a detection's number is one more, after the background. */
const CLASSES = 20;

/** Darknet's convolution: normalised, and leaking a tenth of what is below 0. */
function leaky(net: Writer, bottom: Top, name: string, num_output: number, kernel_size = 3): Top {
  const conv = net.add(
    L.Convolution(bottom, {
      ...named(name),
      param: { lr_mult: 1, decay_mult: 1 },
      num_output,
      kernel_size,
      ...(kernel_size === 3 && { pad: 1 }),
      bias_term: false,
      weight_filler: { type: "msra" },
    }),
  );
  const top = normalise(net, conv, `${name}/bn`, `${name}/scale`);
  return net.add(L.ReLU(top, { name: `${name}/relu`, in_place: true, negative_slope: 0.1 }));
}

/** Numbers of boxes, which no function follows. */
function outputs(net: Writer, bottom: Top, name: string, num_output: number): Top {
  return net.add(
    L.Convolution(bottom, {
      ...named(name),
      param: [
        { lr_mult: 1, decay_mult: 1 },
        { lr_mult: 2, decay_mult: 0 },
      ],
      num_output,
      kernel_size: 1,
      weight_filler: { type: "xavier" },
    }),
  );
}

/**
 * Seven convolutions, a maximum over 2×2 after each but the last; the sixth's keeps its size, looking right and down
 * only: one pixel too many all round, and the first row and column cut.
 *
 * @returns the fifth convolution's top, before it is halved, and the last
 */
function tiny(net: Writer, data: Top): readonly [middle: Top, last: Top] {
  let top = data;
  let middle = data;
  for (let i = 1; i <= 7; i++) {
    top = leaky(net, top, `conv${i}`, 8 * 2 ** i);
    if (i === 5) middle = top;
    if (i <= 5) {
      const pool = { pool: "MAX", kernel_size: 2, stride: 2 } as const;
      top = net.add(L.Pooling(top, { ...named(`pool${i}`), ...pool }));
    } else if (i === 6) {
      const pool = { pool: "MAX", kernel_size: 2, stride: 1, pad: 1 } as const;
      const wide = net.add(L.Pooling(top, { ...named("pool6_wide"), ...pool }));
      top = net.add(L.Crop(wide, top, { ...named("pool6"), axis: 2, offset: [1] }));
    }
  }
  return [middle, top];
}

const solver = `test_iter: 4952        # all of VOC2007 test
test_interval: 10000
eval_type: "detection"
ap_version: "11point"
base_lr: 0.001
lr_policy: "multifixed"
stagelr: 0.0001        # a slow beginning
stagelr: 0.001
stagelr: 0.0001
stagelr: 0.00001
stageiter: 1000
stageiter: 40000
stageiter: 60000
stageiter: 80000
display: 10
average_loss: 10
max_iter: 80000
iter_size: 4           # 4 × 16 = the paper's batch of 64
momentum: 0.9
weight_decay: 0.0005
snapshot: 1000
test_initialization: false`;

/** Widths and heights of YOLOv2's boxes for PASCAL VOC, in cells. */
const V2_BIASES = [1.08, 1.19, 3.42, 4.41, 6.63, 11.38, 9.42, 5.11, 16.62, 10.52];

function v2Body(net: Writer, data: Top): Top {
  const [, last] = tiny(net, data);
  return outputs(net, leaky(net, last, "conv8", 1024), "conv9", 5 * (5 + CLASSES));
}

/** What only a test does; whoever uses a net does it always. */
type Only = { readonly include?: { readonly phase: "TEST" } };
const inTest: Only = { include: { phase: "TEST" } };

function v2Boxes(net: Writer, scores: Top, only: Only): Top {
  return net.add(
    L.YoloDetectionOutput(scores, {
      ...named("detection_out"),
      ...only,
      num_classes: CLASSES,
      coords: 4,
      confidence_threshold: 0.01,
      nms_threshold: 0.45,
      biases: V2_BIASES,
    }),
  );
}

function v2(): Pick<Model, "trainVal" | "deploy"> {
  const train = new Writer("YOLOv2-tiny");
  const [data, label] = annotated(train, PICTURES);
  const scores = v2Body(train, data);
  train.add(
    L.RegionLoss(scores, label, {
      ...named("region_loss"),
      include: { phase: "TRAIN" },
      loss_weight: 1,
      side: SIDE / 32,
      num_class: CLASSES,
      coords: 4,
      num: 5,
      softmax: 1,
      rescore: 1,
      object_scale: 5,
      noobject_scale: 1,
      class_scale: 1,
      coord_scale: 1,
      absolute: 1,
      thresh: 0.6,
      biases: V2_BIASES,
    }),
  );
  evaluated(train, v2Boxes(train, scores, inTest), label, CLASSES + 1);
  const deploy = new Writer("YOLOv2-tiny");
  v2Boxes(deploy, v2Body(deploy, input(deploy, [1, 3, SIDE, SIDE], PICTURES)), {});
  return { trainVal: train.param, deploy: deploy.param };
}

/** Widths and heights of YOLOv3-tiny's boxes, in pixels of the input. */
const V3_BIASES = [10, 14, 23, 27, 37, 58, 81, 82, 135, 169, 344, 319];
/** Which of them a map has, and how many pixels its cells are wide. */
const V3_MAPS = [
  { mask: [3, 4, 5], anchors_scale: 32 },
  { mask: [0, 1, 2], anchors_scale: 16 },
] as const;

function v3Body(net: Writer, data: Top): readonly Top[] {
  const [middle, last] = tiny(net, data);
  const narrow = leaky(net, last, "conv8", 256, 1);
  const coarse = outputs(net, leaky(net, narrow, "conv9", 512), "conv10", 3 * (5 + CLASSES));
  const half = leaky(net, narrow, "conv11", 128, 1);
  const enlarged = net.add(L.Upsample(half, { ...named("upsample"), scale: 2 }));
  const both = net.add(L.Concat(enlarged, middle, named("route")));
  const fine = outputs(net, leaky(net, both, "conv12", 256), "conv13", 3 * (5 + CLASSES));
  return [coarse, fine];
}

function v3Boxes(net: Writer, maps: readonly Top[], only: Only): Top {
  return net.add(
    L.Yolov3DetectionOutput(...maps, {
      ...named("detection_out"),
      ...only,
      num_classes: CLASSES,
      confidence_threshold: 0.01,
      nms_threshold: 0.45,
      biases: V3_BIASES,
      mask: V3_MAPS.flatMap(({ mask }) => mask),
      anchors_scale: V3_MAPS.map(({ anchors_scale }) => anchors_scale),
      mask_group_num: V3_MAPS.length,
    }),
  );
}

function v3(): Pick<Model, "trainVal" | "deploy"> {
  const train = new Writer("YOLOv3-tiny");
  const [data, label] = annotated(train, PICTURES);
  const maps = v3Body(train, data);
  maps.forEach((map, i) => {
    const { mask, anchors_scale } = V3_MAPS[i] ?? V3_MAPS[0];
    train.add(
      L.Yolov3(map, label, {
        ...named(`yolo_loss${i + 1}`),
        include: { phase: "TRAIN" },
        loss_weight: 1,
        side: SIDE / anchors_scale,
        num_class: CLASSES,
        num: 3,
        object_scale: 5,
        noobject_scale: 1,
        class_scale: 1,
        coord_scale: 1,
        thresh: 0.6,
        anchors_scale,
        use_logic_gradient: false,
        biases: V3_BIASES,
        mask: [...mask],
      }),
    );
  });
  evaluated(train, v3Boxes(train, maps, inTest), label, CLASSES + 1);
  const deploy = new Writer("YOLOv3-tiny");
  v3Boxes(deploy, v3Body(deploy, input(deploy, [1, 3, SIDE, SIDE], PICTURES)), {});
  return { trainVal: train.param, deploy: deploy.param };
}

export const yolov2Tiny: Model = {
  name: "yolov2_tiny",
  title: "YOLOv2-tiny: boxes of 13x13 cells by nine convolutions (PASCAL VOC).",
  ...v2(),
  solver,
};

export const yolov3Tiny: Model = {
  name: "yolov3_tiny",
  title: "YOLOv3-tiny: boxes of 13x13 and 26x26 cells by thirteen convolutions (PASCAL VOC).",
  ...v3(),
  solver,
};
