import { FormatError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";
import { entryOf } from "../../util/records.ts";
import type {
  LayerParameter,
  NetParameter,
  V0LayerParameter,
  V1LayerParameter,
} from "../proto/caffe.ts";

/** A V0 field as it is called in the message of its layer's type; lists take it as their only entry. */
type Renamed = Readonly<Record<string, string | readonly [string]>>;

interface V0Type {
  readonly type: NonNullable<V1LayerParameter["type"]>;
  /** The message its own fields move to. */
  readonly message?: keyof LayerParameter & keyof V1LayerParameter;
  readonly fields?: Renamed;
}

const filled: Renamed = {
  num_output: "num_output",
  biasterm: "bias_term",
  weight_filler: "weight_filler",
  bias_filler: "bias_filler",
};

/** The 24 type names of V0. */
const types: Readonly<Record<string, V0Type>> = {
  accuracy: { type: "ACCURACY" },
  bnll: { type: "BNLL" },
  concat: { type: "CONCAT", message: "concat_param", fields: { concat_dim: "concat_dim" } },
  conv: {
    type: "CONVOLUTION",
    message: "convolution_param",
    fields: {
      ...filled,
      pad: ["pad"],
      kernelsize: ["kernel_size"],
      group: "group",
      stride: ["stride"],
    },
  },
  data: {
    type: "DATA",
    message: "data_param",
    fields: { source: "source", batchsize: "batch_size", rand_skip: "rand_skip" },
  },
  dropout: {
    type: "DROPOUT",
    message: "dropout_param",
    fields: { dropout_ratio: "dropout_ratio" },
  },
  euclidean_loss: { type: "EUCLIDEAN_LOSS" },
  flatten: { type: "FLATTEN" },
  hdf5_data: {
    type: "HDF5_DATA",
    message: "hdf5_data_param",
    fields: { source: "source", batchsize: "batch_size" },
  },
  hdf5_output: { type: "HDF5_OUTPUT" },
  im2col: { type: "IM2COL" },
  images: {
    type: "IMAGE_DATA",
    message: "image_data_param",
    fields: {
      source: "source",
      batchsize: "batch_size",
      rand_skip: "rand_skip",
      shuffle_images: "shuffle",
      new_height: "new_height",
      new_width: "new_width",
    },
  },
  infogain_loss: {
    type: "INFOGAIN_LOSS",
    message: "infogain_loss_param",
    fields: { source: "source" },
  },
  innerproduct: { type: "INNER_PRODUCT", message: "inner_product_param", fields: filled },
  lrn: {
    type: "LRN",
    message: "lrn_param",
    fields: { local_size: "local_size", alpha: "alpha", beta: "beta", k: "k" },
  },
  multinomial_logistic_loss: { type: "MULTINOMIAL_LOGISTIC_LOSS" },
  pool: {
    type: "POOLING",
    message: "pooling_param",
    fields: { pad: "pad", kernelsize: "kernel_size", stride: "stride", pool: "pool" },
  },
  relu: { type: "RELU" },
  sigmoid: { type: "SIGMOID" },
  softmax: { type: "SOFTMAX" },
  softmax_loss: { type: "SOFTMAX_LOSS" },
  split: { type: "SPLIT" },
  tanh: { type: "TANH" },
  window_data: {
    type: "WINDOW_DATA",
    message: "window_data_param",
    fields: {
      source: "source",
      batchsize: "batch_size",
      det_fg_threshold: "fg_threshold",
      det_bg_threshold: "bg_threshold",
      det_fg_fraction: "fg_fraction",
      det_context_pad: "context_pad",
      det_crop_mode: "crop_mode",
    },
  },
};

/** Image transforms were flat fields of every V0 layer. */
const transforms: Readonly<Record<string, string>> = {
  scale: "scale",
  meanfile: "mean_file",
  cropsize: "crop_size",
  mirror: "mirror",
};

/** Fields that are not parameters of a type. */
const common = new Set(["name", "type", "blobs", "blobs_lr", "weight_decay", "hdf5_output_param"]);

/** Whether any layer is of the first format (`layers { layer { type: "conv" } }`). */
export function needsV0Upgrade(net: NetParameter): boolean {
  return (net.layers ?? []).some((layer) => layer.layer !== undefined);
}

/**
 * V0 → V1: string types become enum values, flat fields move to the message of the type, and `padding`
 * layers become the `pad` of the convolution or pooling that reads them.
 *
 * @throws FormatError where padding is read by neither
 * @see Caffe's UpgradeV0Net and UpgradeV0PaddingLayers
 */
export function upgradeV0(net: NetParameter, log: Log): NetParameter {
  const { layers = [], ...rest } = net;
  return { ...rest, layers: foldPadding(layers).map((layer) => upgradeLayer(layer, log)) };
}

function foldPadding(layers: readonly V1LayerParameter[]): V1LayerParameter[] {
  const padding = new Map<string, V1LayerParameter>();
  const kept: V1LayerParameter[] = [];
  for (const connection of layers) {
    if (connection.layer?.type === "padding") {
      for (const top of connection.top ?? []) padding.set(top, connection);
      continue;
    }
    let result = connection;
    (connection.bottom ?? []).forEach((blob, i) => {
      const pad = padding.get(blob);
      if (!pad) return;
      if (!["conv", "pool"].includes(connection.layer?.type ?? "")) {
        throw new FormatError(
          `layer "${connection.layer?.name ?? ""}": Padding layer input to non-convolutional / non-pooling layer type ${connection.layer?.type}.`,
        );
      }
      const bottom = [...(result.bottom ?? [])];
      bottom[i] = pad.bottom?.[0] ?? blob;
      result = { ...result, bottom, layer: { ...result.layer, pad: pad.layer?.pad ?? 0 } };
    });
    for (const top of connection.top ?? []) padding.delete(top);
    kept.push(result);
  }
  return kept;
}

function upgradeLayer(connection: V1LayerParameter, log: Log): V1LayerParameter {
  const { layer: old, ...rest } = connection;
  if (!old) return connection;
  const known = entryOf(types, old.type ?? "");
  if (old.type !== undefined && !known)
    log("error", "upgrade_proto", `Unknown V0 layer type ${old.type}`);
  const own: Record<string, unknown> = {};
  const transform: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(old) as [keyof V0LayerParameter, unknown][]) {
    if (common.has(field)) continue;
    const target = known?.fields?.[field];
    const transformed = transforms[field];
    if (target !== undefined) {
      own[typeof target === "string" ? target : target[0]] =
        typeof target === "string" ? value : [value];
    } else if (transformed !== undefined) transform[transformed] = value;
    else log("error", "upgrade_proto", `Unknown parameter ${field} for layer type ${old.type}`);
  }
  return {
    ...rest,
    ...(old.name !== undefined && { name: old.name }),
    ...(known && { type: known.type }),
    ...(old.blobs && { blobs: old.blobs }),
    ...(old.blobs_lr && { blobs_lr: old.blobs_lr }),
    ...(old.weight_decay && { weight_decay: old.weight_decay }),
    ...(known?.message && Object.keys(own).length > 0 && { [known.message]: own }),
    ...(Object.keys(transform).length > 0 && { transform_param: transform }),
    ...(old.hdf5_output_param && { hdf5_output_param: old.hdf5_output_param }),
  };
}
