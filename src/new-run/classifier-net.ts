import type { LayerParameter, NetParameter } from "../io/proto/caffe.ts";
import type { FormedNet, NetForm } from "./formed-net.ts";
import { changeWeights, isData, isInput, sizedInput } from "./layer-kinds.ts";
import { scoresOf } from "./score-layers.ts";

/**
 * A classifier for other classes and another size of images. Its scores are as many as there are classes, without a ReLU
 * behind them; `top_k` scores remain where there are more classes than that.
 */
export function classifierFor(net: NetParameter, { classes, size }: NetForm): FormedNet {
  const { layers: scores, relus } = scoresOf(net);
  const tells = ({ accuracy_param: { top_k = 1 } = {} }: LayerParameter): boolean =>
    top_k === 1 || top_k < classes;
  const layer = (net.layer ?? [])
    .filter((one) => !relus.has(one.name ?? ""))
    .filter(tells)
    .map((one) => sized(one, size))
    .map((one) => (scores.has(one.name ?? "") ? changeWeights(one, { num_output: classes }) : one));
  return { net: { ...net, layer }, scores, heads: scores };
}

/** A layer that gives images, for those of another size. */
function sized(layer: LayerParameter, size: number): LayerParameter {
  if (isData(layer)) {
    return { ...layer, transform_param: { ...layer.transform_param, crop_size: size } };
  }
  return isInput(layer) ? sizedInput(layer, size) : layer;
}
