import { L, type Top } from "../../src/index.ts";
import { named, type Writer } from "./model.ts";

/** What a detector of regions is trained on: one picture, its size and scale, and its objects in pixels. */
export interface Picture {
  readonly data: Top;
  readonly info: Top;
  readonly objects: Top;
}

const ANCHORS = 9;
const STRIDE = 16;
const gaussian = { type: "gaussian", std: 0.01 } as const;

/** Layers of py-faster-rcnn that are known by module and class. */
function known(name: string, top: readonly string[], module: string, layer: string, param: string) {
  return { name, top: [...top], ntop: top.length, module, layer, param_str: param } as const;
}

/** PASCAL VOC's pictures with their objects. */
export function picture(net: Writer, classes: number): Picture {
  const tops = L.Python(
    known(
      "input-data",
      ["data", "im_info", "gt_boxes"],
      "roi_data_layer.layer",
      "RoIDataLayer",
      `'num_classes': ${classes}, 'source': 'data/voc/voc0712_trainval_lmdb'`,
    ),
  ) as unknown as readonly [Top, Top, Top];
  const [data, info, objects] = tops;
  net.add(data);
  return { data, info, objects };
}

/** A picture to look at, and its height, width and scale. */
export function inputs(net: Writer, height: number, width: number): Omit<Picture, "objects"> {
  const data = net.add(L.Input({ ...named("data"), shape: { dim: [1, 3, height, width] } }));
  const info = net.add(L.Input({ ...named("im_info"), shape: { dim: [1, 3] } }));
  return { data, info };
}

/** Regions that a map proposes; with objects, it learns to. */
export function proposals(
  net: Writer,
  map: Top,
  { data, info, objects }: Omit<Picture, "objects"> & { readonly objects?: Top },
): Top {
  const conv = net.add(
    L.Convolution(map, {
      name: "rpn_conv/3x3",
      top: ["rpn/output"],
      num_output: 512,
      kernel_size: 3,
      pad: 1,
      weight_filler: gaussian,
    }),
  );
  const relu = net.add(L.ReLU(conv, { name: "rpn_relu/3x3", in_place: true }));
  const predict = (name: string, num_output: number): Top =>
    net.add(
      L.Convolution(relu, { ...named(name), num_output, kernel_size: 1, weight_filler: gaussian }),
    );
  const scores = predict("rpn_cls_score", 2 * ANCHORS);
  const moves = predict("rpn_bbox_pred", 4 * ANCHORS);
  const pairs = net.add(
    L.Reshape(scores, { ...named("rpn_cls_score_reshape"), shape: { dim: [0, 2, -1, 0] } }),
  );
  if (objects) {
    const [labels, targets, within, of] = L.Python(
      scores,
      objects,
      info,
      data,
      known(
        "rpn-data",
        ["rpn_labels", "rpn_bbox_targets", "rpn_bbox_inside_weights", "rpn_bbox_outside_weights"],
        "rpn.anchor_target_layer",
        "AnchorTargetLayer",
        `'feat_stride': ${STRIDE}`,
      ),
    ) as unknown as readonly [Top, Top, Top, Top];
    net.add(labels);
    net.add(
      L.SoftmaxWithLoss(pairs, labels, {
        ...named("rpn_loss_cls"),
        propagate_down: [true, false],
        loss_weight: 1,
        ignore_label: -1,
        normalize: true,
      }),
    );
    net.add(
      L.SmoothL1Loss(moves, targets, within, of, {
        ...named("rpn_loss_bbox"),
        propagate_down: [true, false, false, false],
        loss_weight: 1,
        sigma: 3,
      }),
    );
  }
  const shares = net.add(L.Softmax(pairs, named("rpn_cls_prob")));
  const planes = net.add(
    L.Reshape(shares, {
      ...named("rpn_cls_prob_reshape"),
      shape: { dim: [0, 2 * ANCHORS, -1, 0] },
    }),
  );
  return net.add(
    L.Proposal(planes, moves, info, {
      name: "proposal",
      top: [objects ? "rpn_rois" : "rois"],
      feat_stride: STRIDE,
      pre_nms_topn: objects ? 12_000 : 6000,
      post_nms_topn: objects ? 2000 : 300,
    }),
  );
}

/** What a batch of regions is to learn. */
export interface Targets {
  readonly rois: Top;
  readonly labels: Top;
  readonly targets: Top;
  readonly within: Top;
  readonly of: Top;
}

/** Chooses regions to learn from; with 2 classes all objects share one target. */
export function regionTargets(net: Writer, rois: Top, objects: Top, classes: number): Targets {
  const [chosen, labels, targets, within, of] = L.Python(
    rois,
    objects,
    known(
      "roi-data",
      ["rois", "labels", "bbox_targets", "bbox_inside_weights", "bbox_outside_weights"],
      "rpn.proposal_target_layer",
      "ProposalTargetLayer",
      `'num_classes': ${classes}`,
    ),
  ) as unknown as readonly [Top, Top, Top, Top, Top];
  net.add(chosen);
  return { rois: chosen, labels, targets, within, of };
}

/** The losses of regions: of their classes, and of how they are to move. */
export function regionLosses(
  net: Writer,
  scores: Top,
  moves: Top,
  { labels, targets, within, of }: Targets,
): void {
  net.add(
    L.SoftmaxWithLoss(scores, labels, {
      ...named("loss_cls"),
      propagate_down: [true, false],
      loss_weight: 1,
    }),
  );
  net.add(
    L.SmoothL1Loss(moves, targets, within, of, {
      ...named("loss_bbox"),
      propagate_down: [true, false, false, false],
      loss_weight: 1,
    }),
  );
}
