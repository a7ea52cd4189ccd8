import { FormatError } from "../../util/errors.ts";
import type { LayerParameter, NetParameter } from "../proto/caffe.ts";
import { isUsersType } from "../proto/users-type.ts";

type Layers = readonly LayerParameter[];
type Form = (layer: LayerParameter) => Layers | undefined;

/** The message without some of its fields. */
function without<T extends object>(message: T, ...fields: readonly (keyof T)[]): T {
  return Object.fromEntries(
    Object.entries(message).filter(([field]) => !fields.includes(field as keyof T)),
  ) as T;
}

/** A layer behind another, in place on its first top. */
function behind(layer: LayerParameter, type: string, param: LayerParameter): LayerParameter {
  const { name = "", top = [], include, exclude } = layer;
  const blob = top.slice(0, 1);
  return {
    name: `${name}/${type.toLowerCase()}`,
    type,
    bottom: blob,
    top: blob,
    ...(include && { include }),
    ...(exclude && { exclude }),
    ...param,
  };
}

/** A ReLU that forks compute within a layer: Intel's `relu` and `negative_slope`, OpenCL Caffe's `fuse_type`. */
const rectified: readonly Form[] = (
  ["convolution_param", "inner_product_param", "batch_norm_param"] as const
).map((message) => (layer) => {
  const param: { relu?: boolean; negative_slope?: number; fuse_type?: string } | undefined =
    layer[message];
  if (!param?.relu && param?.fuse_type !== "FUSED_CONV_RELU") return undefined;
  const { negative_slope } = param;
  const plain = { ...layer, [message]: without(param, "relu", "negative_slope", "fuse_type") };
  const slope = negative_slope === undefined ? {} : { relu_param: { negative_slope } };
  return [plain, behind(layer, "ReLU", slope)];
});

/** C3D's convolutions over time, height and width: a kernel, stride and pad of time, and one of the others each. */
function overTime(layer: LayerParameter): Layers | undefined {
  const type = { Convolution3D: "Convolution", Deconvolution3D: "Deconvolution" }[layer.type ?? ""];
  if (type === undefined) return undefined;
  const { convolution3d_param, convolution_param, name = "", ...rest } = layer;
  const param = convolution3d_param ?? convolution_param ?? {};
  const { kernel_depth, temporal_stride = 1, temporal_pad = 0, group = 1 } = param;
  const one = (lengths: number | readonly number[] | undefined): number | undefined =>
    typeof lengths === "object" ? lengths[0] : lengths;
  const [kernel, stride = 1, pad = 0] = [param.kernel_size, param.stride, param.pad].map(one);
  if (kernel === undefined || kernel_depth === undefined || group !== 1) {
    throw new FormatError(
      `layer "${name}" (${layer.type}): kernel_size ${kernel ?? "is missing"}, kernel_depth ${kernel_depth ?? "is missing"}, group ${group}. Expected a kernel_size, a kernel_depth, and no group, which C3D does not obey.`,
    );
  }
  const { num_output, bias_term, weight_filler, bias_filler } = param;
  return [
    {
      name,
      ...rest,
      type,
      convolution_param: {
        ...(num_output !== undefined && { num_output }),
        ...(bias_term !== undefined && { bias_term }),
        kernel_size: [kernel_depth, kernel, kernel],
        stride: [temporal_stride, stride, stride],
        pad: [temporal_pad, pad, pad],
        ...(weight_filler && { weight_filler }),
        ...(bias_filler && { bias_filler }),
      },
    },
  ];
}

const forms: readonly Form[] = [
  ...rectified,
  overTime,
  // C3D's first form of Pooling3D.
  (layer) => {
    if (layer.type !== "Pooling3D" || !layer.pooling_param) return undefined;
    const { pooling_param, ...rest } = layer;
    return [{ ...rest, pooling3d_param: without(pooling_param, "engine") }];
  },
  // C3D's first form of VideoData.
  (layer) => {
    if (layer.type !== "VideoData" || !layer.image_data_param) return undefined;
    const { image_data_param, transform_param, ...rest } = layer;
    const { mean_value, show_data, ...clips } = image_data_param;
    const transform =
      mean_value === undefined ? transform_param : { ...transform_param, mean_value: [mean_value] };
    return [
      {
        ...rest,
        ...(transform && { transform_param: transform }),
        video_data_param: {
          ...clips,
          ...(show_data !== undefined && { show_data: show_data > 0 }),
        },
      },
    ];
  },
  // synopsys-caffe's ReLU that ends at 6.
  (layer) => {
    if (!layer.relu_param?.relu6) return undefined;
    const { relu_param, ...rest } = layer;
    return [{ ...rest, type: "ReLU6", relu6_param: without(relu_param, "relu6", "engine") }];
  },
  // OpenCL Caffe's pooling behind a normalisation, whose top is the pooling's.
  (layer) => {
    const { pooling_param, fuse_type } = layer.lrn_param ?? {};
    if (fuse_type !== "FUSED_POOL_MAX" || !pooling_param) return undefined;
    const { name = "", lrn_param = {}, top = [] } = layer;
    const between = [`${name}/normalized`];
    const pooling = { ...behind(layer, "Pooling", { pooling_param }), bottom: between, top };
    const plain = without(lrn_param, "pooling_param", "fuse_type");
    return [{ ...layer, top: between, lrn_param: plain }, pooling];
  },
  // Intel's Concat of predictions, each permuted and flattened before.
  (layer) => {
    const { concat_param, bottom = [], name = "" } = layer;
    if (!concat_param?.per_fla_fuse) return undefined;
    const parts = bottom.flatMap((blob, i): LayerParameter[] => {
      const [permuted, flat] = [[`${name}/${i}/permuted`], [`${name}/${i}/flat`]];
      const permute_param = { order: [0, 2, 3, 1] };
      return [
        {
          ...behind(layer, "Permute", { permute_param }),
          name: `${name}/${i}/permuted`,
          bottom: [blob],
          top: permuted,
        },
        { ...behind(layer, "Flatten", {}), name: `${name}/${i}/flat`, bottom: permuted, top: flat },
      ];
    });
    const flat = bottom.map((_, i) => `${name}/${i}/flat`);
    return [
      ...parts,
      { ...layer, bottom: flat, concat_param: without(concat_param, "per_fla_fuse") },
    ];
  },
  // An old name of is_color.
  (layer) => {
    const { images_in_color, ...rest } = layer.image_data_param ?? {};
    if (images_in_color === undefined) return undefined;
    return [{ ...layer, image_data_param: { is_color: images_in_color, ...rest } }];
  },
];

/** Whether a layer is written as only a fork writes it. */
function isForks(layer: LayerParameter): boolean {
  return !isUsersType(layer.type) && forms.some((form) => form(layer) !== undefined);
}

/** Whether a net is written as only forks of Caffe write it, and there is another form of it. */
export function needsForkUpgrade({ layer = [], bn_stats_batch_size }: NetParameter): boolean {
  return bn_stats_batch_size !== undefined || layer.some(isForks);
}

/**
 * Writes out what forks of Caffe put into one layer, as layers of the same meaning: none of those that are added has
 * weights, so files of weights fit as before. A net's `bn_stats_batch_size` goes to its BatchNorm layers.
 */
export function upgradeForkForms(net: NetParameter): NetParameter {
  const { bn_stats_batch_size: size, ...rest } = net;
  const layer = (net.layer ?? []).flatMap((one) => written(one));
  if (size === undefined) return { ...rest, layer };
  const sized = layer.map((one) =>
    one.type === "BatchNorm"
      ? { ...one, batch_norm_param: { ...one.batch_norm_param, stats_batch_size: size } }
      : one,
  );
  return { ...rest, layer: sized };
}

function written(layer: LayerParameter): Layers {
  if (isUsersType(layer.type)) return [layer];
  for (const form of forms) {
    const layers = form(layer);
    if (layers) return layers.flatMap(written);
  }
  return [layer];
}
