import { L, type Top } from "../../src/index.ts";
import { solver } from "./faster-rcnn.ts";
import { type Model, named, Writer } from "./model.ts";
import { inputs, picture, proposals, regionLosses, regionTargets } from "./regions.ts";

const CLASSES = 21;
/** Boxes are told alike for all classes: those of the background, which count for nothing, and those of objects. */
const KINDS = 2;
/** Parts of a region on each axis. */
const GRID = 7;
const still = { lr_mult: 0, decay_mult: 0 };

/** BatchNorm and Scale as they were learnt on ILSVRC, in place. */
function normalised(net: Writer, bottom: Top, name: string): Top {
  const norm = net.add(
    L.BatchNorm(bottom, {
      name: `bn${name}`,
      in_place: true,
      use_global_stats: true,
      param: [still, still, still],
    }),
  );
  return net.add(
    L.Scale(norm, { name: `scale${name}`, in_place: true, bias_term: true, param: [still, still] }),
  );
}

/** A convolution of a block's branch, normalised. */
function unit(
  net: Writer,
  bottom: Top,
  name: string,
  num_output: number,
  kernel_size: number,
  { stride = 1, dilation = 1 }: { readonly stride?: number; readonly dilation?: number } = {},
): Top {
  const conv = net.add(
    L.Convolution(bottom, {
      ...named(`res${name}`),
      num_output,
      kernel_size,
      stride,
      pad: dilation * ((kernel_size - 1) / 2),
      dilation,
      bias_term: false,
      weight_filler: { type: "msra" },
    }),
  );
  return normalised(net, conv, name);
}

/** ResNet-50 without its end, the last stage spread in place of halved. Gives the maps of stages 4 and 5. */
function features(net: Writer, data: Top): readonly [Top, Top] {
  const conv1 = net.add(
    L.Convolution(data, {
      ...named("conv1"),
      num_output: 64,
      kernel_size: 7,
      pad: 3,
      stride: 2,
      weight_filler: { type: "msra" },
    }),
  );
  const relu = net.add(
    L.ReLU(normalised(net, conv1, "_conv1"), { name: "conv1_relu", in_place: true }),
  );
  let top = net.add(L.Pooling(relu, { ...named("pool1"), pool: "MAX", kernel_size: 3, stride: 2 }));
  let fourth = top;
  [3, 4, 6, 3].forEach((count, s) => {
    const [width, dilation] = [64 * 2 ** s, s === 3 ? 2 : 1];
    for (let b = 0; b < count; b++) {
      const id = `${s + 2}${String.fromCharCode(97 + b)}`;
      const stride = b === 0 && (s === 1 || s === 2) ? 2 : 1;
      const rectified = (bottom: Top, name: string): Top =>
        net.add(L.ReLU(bottom, { name: `res${name}_relu`, in_place: true }));
      const past = b === 0 ? unit(net, top, `${id}_branch1`, 4 * width, 1, { stride }) : top;
      const a = rectified(unit(net, top, `${id}_branch2a`, width, 1, { stride }), `${id}_branch2a`);
      const mid = rectified(
        unit(net, a, `${id}_branch2b`, width, 3, { dilation }),
        `${id}_branch2b`,
      );
      const end = unit(net, mid, `${id}_branch2c`, 4 * width, 1);
      const sum = net.add(L.Eltwise(past, end, { ...named(`res${id}`), operation: "SUM" }));
      top = rectified(sum, id);
    }
    if (s === 2) fourth = top;
  });
  return [fourth, top];
}

/** What regions are, and how they are to move: each part of a region asks maps of its own. */
function heads(net: Writer, map: Top, rois: Top): readonly [scores: Top, moves: Top] {
  const conv = net.add(
    L.Convolution(map, {
      ...named("conv_new_1"),
      num_output: 1024,
      kernel_size: 1,
      weight_filler: { type: "gaussian", std: 0.01 },
    }),
  );
  const relu = net.add(L.ReLU(conv, { name: "conv_new_1_relu", in_place: true }));
  const predict = (kind: string, name: string, output_dim: number): Top => {
    const maps = net.add(
      L.Convolution(relu, {
        ...named(`rfcn_${kind}`),
        num_output: output_dim * GRID * GRID,
        kernel_size: 1,
        weight_filler: { type: "gaussian", std: 0.01 },
      }),
    );
    const parts = net.add(
      L.PSROIPooling(maps, rois, {
        ...named(`psroipooled_${kind}_rois`),
        spatial_scale: 0.0625,
        output_dim,
        group_size: GRID,
      }),
    );
    return net.add(
      L.Pooling(parts, {
        name: `ave_${kind}_rois`,
        top: [name],
        pool: "AVE",
        kernel_size: GRID,
        stride: GRID,
      }),
    );
  };
  return [predict("cls", "cls_score", CLASSES), predict("bbox", "bbox_pred", 4 * KINDS)];
}

function trainVal(): Writer {
  const net = new Writer("ResNet-50");
  const shown = picture(net, CLASSES);
  const [fourth, fifth] = features(net, shown.data);
  const targets = regionTargets(net, proposals(net, fourth, shown), shown.objects, KINDS);
  const [scores, moves] = heads(net, fifth, targets.rois);
  regionLosses(net, scores, moves, targets);
  return net;
}

function deploy(): Writer {
  const net = new Writer("ResNet-50");
  const shown = inputs(net, 600, 800);
  const [fourth, fifth] = features(net, shown.data);
  const [scores] = heads(net, fifth, proposals(net, fourth, shown));
  net.add(L.Softmax(scores, named("cls_prob")));
  return net;
}

export const rfcn: Model = {
  name: "rfcn-resnet50",
  title: "R-FCN on ResNet-50: regions are judged by maps of their parts (PASCAL VOC).",
  trainVal: trainVal().param,
  deploy: deploy().param,
  solver,
};
