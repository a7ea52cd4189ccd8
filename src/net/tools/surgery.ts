import { blobProtoOf } from "../../io/proto/blob-proto.ts";
import type { LayerParameter, NetParameter } from "../../io/proto/caffe.ts";
import type { Layer } from "../../layers/base/layer.ts";
import { NetError } from "../../util/errors.ts";
import { shapeText } from "../../util/shape.ts";
import type { Net } from "../net.ts";

/**
 * The net with its inner products cast into convolutions, weights included: it takes images of any larger size and
 * gives a map of scores, one for each position at which the net could have been applied.
 *
 *     const full = new Net(fullyConvolutional(net));
 *     const { prob } = await full.forward({ data: largeImage });   // N × classes × rows × columns
 *
 * An inner product over C×H×W becomes a convolution of kernel H×W, one over features a convolution of kernel 1. Cast
 * layers are named with `-conv` behind, as their weights have another shape.
 *
 * @throws NetError where an inner product works along another axis than 1
 * @see Long, Shelhamer & Darrell, "Fully convolutional networks for semantic segmentation", CVPR 2015
 */
export function fullyConvolutional(net: Net): NetParameter {
  const param = net.toParameter();
  const layers = (param.layer ?? []).map((layer, i) => {
    if (layer.type !== "InnerProduct") return layer;
    return cast(layer, net.layers[i] as Layer, net.bottomBlobs[i]?.[0]?.shape ?? []);
  });
  return { ...param, layer: layers };
}

function cast(param: LayerParameter, layer: Layer, bottom: readonly number[]): LayerParameter {
  const { inner_product_param = {}, blobs: _blobs, ...rest } = param;
  const {
    num_output,
    bias_term,
    weight_filler,
    bias_filler,
    axis = 1,
    transpose,
  } = inner_product_param;
  if (axis !== 1 || transpose || (bottom.length !== 4 && bottom.length !== 2)) {
    throw new NetError(
      `layer "${param.name ?? ""}": an inner product along axis ${axis} of shape ${shapeText(bottom)}${transpose ? ", transposed" : ""} cannot be cast. Expected axis 1 of N×C×H×W or N×K.`,
    );
  }
  const [, channels = 0, height = 1, width = 1] = bottom;
  const [weights, bias] = layer.blobs.map((blob) => blob.toValue());
  return {
    ...rest,
    name: `${param.name ?? ""}-conv`,
    type: "Convolution",
    convolution_param: {
      ...(num_output !== undefined && { num_output }),
      ...(bias_term !== undefined && { bias_term }),
      ...(weight_filler && { weight_filler }),
      ...(bias_filler && { bias_filler }),
      ...(height === width ? { kernel_size: [height] } : { kernel_h: height, kernel_w: width }),
    },
    blobs: [
      ...(weights
        ? [blobProtoOf({ ...weights, shape: [weights.shape[0] ?? 0, channels, height, width] })]
        : []),
      ...(bias ? [blobProtoOf(bias)] : []),
    ],
  };
}
