import { L, type Top } from "../../src/index.ts";
import { biasTwice, type Model, named, Writer } from "./model.ts";
import { inputs, picture, proposals, regionLosses, regionTargets } from "./regions.ts";
import { hidden, stages, VGG16 } from "./vgg.ts";

const CLASSES = 21;
/** The first two stages keep what they learnt on ILSVRC. */
const FROZEN = 2;

/** VGG-16's convolutions, without the last pool. */
function features(net: Writer, data: Top): Top {
  return stages(net, data, VGG16, { frozen: FROZEN, lastPool: "none" });
}

/** What regions of a map are, and how they are to move. */
function heads(net: Writer, map: Top, rois: Top): readonly [scores: Top, moves: Top] {
  const pooled = net.add(
    L.ROIPooling(map, rois, {
      ...named("roi_pool5"),
      pooled_w: 7,
      pooled_h: 7,
      spatial_scale: 0.0625,
    }),
  );
  const top = hidden(net, pooled);
  const predict = (name: string, num_output: number, std: number): Top =>
    net.add(
      L.InnerProduct(top, {
        ...named(name),
        param: [...biasTwice],
        num_output,
        weight_filler: { type: "gaussian", std },
      }),
    );
  return [predict("cls_score", CLASSES, 0.01), predict("bbox_pred", 4 * CLASSES, 0.001)];
}

function trainVal(): Writer {
  const net = new Writer("VGG_ILSVRC_16_layers");
  const shown = picture(net, CLASSES);
  const map = features(net, shown.data);
  const targets = regionTargets(net, proposals(net, map, shown), shown.objects, CLASSES);
  const [scores, moves] = heads(net, map, targets.rois);
  regionLosses(net, scores, moves, targets);
  return net;
}

function deploy(): Writer {
  const net = new Writer("VGG_ILSVRC_16_layers");
  const shown = inputs(net, 600, 800);
  const map = features(net, shown.data);
  const [scores] = heads(net, map, proposals(net, map, shown));
  net.add(L.Softmax(scores, named("cls_prob")));
  return net;
}

export const solver = `base_lr: 0.001
lr_policy: "step"
gamma: 0.1
stepsize: 50000
display: 20
average_loss: 100
max_iter: 70000
iter_size: 2           # a picture at a time
momentum: 0.9
weight_decay: 0.0005
snapshot: 10000`;

export const fasterRcnn: Model = {
  name: "faster-rcnn-vgg16",
  title: "Faster R-CNN on VGG-16: regions are proposed and judged by one net (PASCAL VOC).",
  trainVal: trainVal().param,
  deploy: deploy().param,
  solver,
};
