import type { LayerParameter, NetParameter } from "../io/proto/caffe.ts";
import { changeWeights, isBatchNorm, learns } from "./layer-kinds.ts";

/** How much of a moving average of statistics each iteration keeps: runs of some hundred iterations forget their beginning. */
const KEPT = 0.9;
/** What the names of Scale layers end with that are put in: made nets are known by it, also in their weights. */
export const SCALE_SUFFIX = "/scale";

/**
 * The net with BatchNorm and Scale behind each layer that learns, but for those that give scores; msra fills what it
 * learns. Deep nets that were published without either do not begin to learn on small sets.
 *
 * @see Ioffe & Szegedy, "Batch Normalization", 2015; He et al., "Delving Deep into Rectifiers", 2015
 */
export function withBatchNorm(net: NetParameter, scores: ReadonlySet<string>): NetParameter {
  const layer = (net.layer ?? []).flatMap((one): LayerParameter[] => {
    const { name = "", top = [] } = one;
    if (!learns(one) || scores.has(name)) return [one];
    const inPlace = { bottom: top, top };
    return [
      unbiased(one),
      { name: `${name}/bn`, type: "BatchNorm", ...inPlace },
      {
        name: `${name}${SCALE_SUFFIX}`,
        type: "Scale",
        ...inPlace,
        scale_param: { bias_term: true },
      },
    ];
  });
  return { ...net, layer };
}

/** A layer without the bias that BatchNorm would take away again. */
export function unbiased(layer: LayerParameter): LayerParameter {
  const changed = changeWeights(layer, { bias_term: false, weight_filler: { type: "msra" } });
  return { ...changed, ...(layer.param && { param: layer.param.slice(0, 1) }) };
}

/** The net with statistics that follow short runs. */
export function withShortAverages(net: NetParameter): NetParameter {
  const layer = (net.layer ?? []).map((one) =>
    isBatchNorm(one)
      ? { ...one, batch_norm_param: { ...one.batch_norm_param, moving_average_fraction: KEPT } }
      : one,
  );
  return { ...net, layer };
}
