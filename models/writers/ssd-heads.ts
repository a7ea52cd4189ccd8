import { L, type Top } from "../../src/index.ts";
import { annotated, evaluated, type Pictures } from "./detection.ts";
import { biasTwice, input, type Model, named, Writer } from "./model.ts";

/** Classes of PASCAL VOC, and the background. */
const CLASSES = 21;

/** A map of features that boxes are read from. */
export interface Source {
  readonly name: string;
  readonly top: Top;
  /** Sides of the small and the large square prior, in pixels of the input. */
  readonly sizes: readonly [min: number, max?: number];
  readonly ratios: readonly number[];
  /** Pixels of the input from prior to prior; the input's size by the map's, if not given. */
  readonly step?: number;
  readonly kernel: 1 | 3;
}

/** Priors of a place: a square, one between the sizes, and each ratio lying and standing. */
function priorsOf({ sizes, ratios }: Source): number {
  return (sizes.length > 1 ? 2 : 1) + 2 * ratios.length;
}

/** What a convolution reads for each prior, as one line per image. */
function read(net: Writer, source: Source, what: "loc" | "conf", values: number): Top {
  const name = `${source.name}_mbox_${what}`;
  const conv = net.add(
    L.Convolution(source.top, {
      ...named(name),
      param: [...biasTwice],
      num_output: values * priorsOf(source),
      kernel_size: source.kernel,
      ...(source.kernel === 3 && { pad: 1 }),
      weight_filler: { type: source.kernel === 3 ? "xavier" : "msra" },
    }),
  );
  const perm = net.add(L.Permute(conv, { ...named(`${name}_perm`), order: [0, 2, 3, 1] }));
  return net.add(L.Flatten(perm, { ...named(`${name}_flat`), axis: 1 }));
}

function priors(net: Writer, source: Source, data: Top): Top {
  const [min_size, max_size] = source.sizes;
  return net.add(
    L.PriorBox(source.top, data, {
      ...named(`${source.name}_mbox_priorbox`),
      min_size: [min_size],
      ...(max_size !== undefined && { max_size: [max_size] }),
      aspect_ratio: source.ratios,
      flip: true,
      clip: false,
      variance: [0.1, 0.1, 0.2, 0.2],
      ...(source.step !== undefined && { step: source.step }),
      offset: 0.5,
    }),
  );
}

/** Offsets, scores and priors of all maps, one after the other. */
function heads(
  net: Writer,
  sources: readonly Source[],
  data: Top,
): readonly [loc: Top, conf: Top, prior: Top] {
  const parts = sources.map((source) => ({
    loc: read(net, source, "loc", 4),
    conf: read(net, source, "conf", CLASSES),
    prior: priors(net, source, data),
  }));
  const joined = (what: "loc" | "conf" | "prior", name: string, axis: number): Top =>
    net.add(L.Concat(...parts.map((part) => part[what]), { ...named(name), axis }));
  return [
    joined("loc", "mbox_loc", 1),
    joined("conf", "mbox_conf", 1),
    joined("prior", "mbox_priorbox", 2),
  ];
}

/** Boxes of a score, of each class the best of those that overlap. */
function detections(
  net: Writer,
  [loc, conf, prior]: readonly [Top, Top, Top],
  only: { readonly include?: { readonly phase: "TEST" } },
): Top {
  const shaped = net.add(
    L.Reshape(conf, {
      ...named("mbox_conf_reshape"),
      ...only,
      shape: { dim: [0, -1, CLASSES] },
    }),
  );
  const softmax = net.add(L.Softmax(shaped, { ...named("mbox_conf_softmax"), ...only, axis: 2 }));
  const flat = net.add(L.Flatten(softmax, { ...named("mbox_conf_flatten"), ...only, axis: 1 }));
  return net.add(
    L.DetectionOutput(loc, flat, prior, {
      ...named("detection_out"),
      ...only,
      num_classes: CLASSES,
      share_location: true,
      background_label_id: 0,
      nms_param: { nms_threshold: 0.45, top_k: 400 },
      code_type: "CENTER_SIZE",
      keep_top_k: 200,
      confidence_threshold: 0.01,
    }),
  );
}

function loss(net: Writer, [loc, conf, prior]: readonly [Top, Top, Top], label: Top): void {
  net.add(
    L.MultiBoxLoss(loc, conf, prior, label, {
      ...named("mbox_loss"),
      include: { phase: "TRAIN" },
      propagate_down: [true, true, false, false],
      loss_param: { normalization: "VALID" },
      multibox_loss_param: {
        loc_loss_type: "SMOOTH_L1",
        conf_loss_type: "SOFTMAX",
        loc_weight: 1,
        num_classes: CLASSES,
        share_location: true,
        match_type: "PER_PREDICTION",
        overlap_threshold: 0.5,
        use_prior_for_matching: true,
        background_label_id: 0,
        use_difficult_gt: true,
        neg_pos_ratio: 3,
        neg_overlap: 0.5,
        code_type: "CENTER_SIZE",
        ignore_cross_boundary_bbox: false,
        mining_type: "MAX_NEGATIVE",
      },
    }),
  );
}

/** A single shot detector: maps of a body, what is read from them, its loss in TRAIN and its boxes in TEST. */
export function detector(
  model: Pick<Model, "name" | "title" | "solver"> &
    Pictures & {
      readonly netName: string;
      readonly body: (net: Writer, data: Top) => readonly Source[];
    },
): Model {
  const { netName, body, side } = model;
  const train = new Writer(netName);
  const [data, label] = annotated(train, model);
  const trained = heads(train, body(train, data), data);
  loss(train, trained, label);
  evaluated(train, detections(train, trained, { include: { phase: "TEST" } }), label, CLASSES);
  const deploy = new Writer(netName);
  const image = input(deploy, [1, 3, side, side], model);
  detections(deploy, heads(deploy, body(deploy, image), image), {});
  return { ...model, trainVal: train.param, deploy: deploy.param };
}
