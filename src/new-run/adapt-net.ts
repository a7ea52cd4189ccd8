import type { LayerParameter, NetParameter, ParamSpec } from "../io/proto/caffe.ts";
import { withBatchNorm, withShortAverages } from "./batch-norm.ts";
import type { ClassifierModel } from "./classifier-model.ts";
import { changeWeights, hasBatchNorm, isData, isInput, learns } from "./layer-kinds.ts";
import { scoresOf } from "./score-layers.ts";

/** How many times as fast a layer learns that begins anew among those that go on from weights. */
const FASTER = 10;

/** What a model is to be made for. */
interface Adaptation {
  readonly classes: number;
  /** Height and width of its images. */
  readonly size: number;
  /** Puts BatchNorm behind the layers of a net that has none, so that it learns from nothing. */
  readonly normalized: boolean;
  /** Average poolings that are to be of all places. */
  readonly pools: ReadonlySet<string>;
  /** Layers that begin anew beside weights that others take over, and the names that they get. */
  readonly renamed?: ReadonlyMap<string, string>;
}

/** A model's nets, made for other classes and another size. */
export interface AdaptedNets {
  readonly trainVal: NetParameter;
  readonly deploy: NetParameter;
}

/**
 * A model for other classes and another size of images. Its scores are as many as there are classes, without a ReLU behind
 * them; `top_k` scores remain where there are more classes than that.
 */
export function adaptModel(model: ClassifierModel, adaptation: Adaptation): AdaptedNets {
  return {
    trainVal: adaptNet(model.trainVal, adaptation),
    deploy: adaptNet(model.deploy, adaptation),
  };
}

function adaptNet(net: NetParameter, adaptation: Adaptation): NetParameter {
  const { classes, size, normalized, pools, renamed = new Map<string, string>() } = adaptation;
  const scores = scoresOf(net);
  const tells = ({ accuracy_param: { top_k = 1 } = {} }: LayerParameter): boolean =>
    top_k === 1 || top_k < classes;
  const layer = (net.layer ?? [])
    .filter((one) => !scores.relus.has(one.name ?? ""))
    .filter(tells)
    .map((one) => (pools.has(one.name ?? "") ? ofAllPlaces(one) : sized(one, size)))
    .map((one) =>
      scores.layers.has(one.name ?? "") ? changeWeights(one, { num_output: classes }) : one,
    );
  const wanted = { ...net, layer };
  const whole = normalized && !hasBatchNorm(wanted) ? withBatchNorm(wanted, scores.layers) : wanted;
  return renameLayers(withShortAverages(whole), renamed);
}

/** A layer that gives images, for those of another size. */
function sized(layer: LayerParameter, size: number): LayerParameter {
  if (isData(layer)) {
    return { ...layer, transform_param: { ...layer.transform_param, crop_size: size } };
  }
  if (!isInput(layer)) return layer;
  const [, channels = 3] = layer.input_param?.shape?.[0]?.dim ?? [];
  return { ...layer, input_param: { shape: [{ dim: [1, channels, size, size] }] } };
}

/** A pooling of the whole of its bottom. */
function ofAllPlaces(layer: LayerParameter): LayerParameter {
  return { ...layer, pooling_param: { pool: "AVE", global_pooling: true } };
}

/** Gives layers other names, with their tops where these are called so, and lets them learn faster. */
function renameLayers(net: NetParameter, renamed: ReadonlyMap<string, string>): NetParameter {
  const blob = (name: string): string => renamed.get(name) ?? name;
  const layer = (net.layer ?? []).map((one): LayerParameter => {
    const name = renamed.get(one.name ?? "");
    const tops = {
      ...(one.bottom && { bottom: one.bottom.map(blob) }),
      ...(one.top && { top: one.top.map(blob) }),
    };
    if (name === undefined || !learns(one)) return { ...one, ...tops };
    return { ...one, ...tops, name, param: faster(one) };
  });
  return { ...net, layer };
}

function faster({ param = [], ...layer }: LayerParameter): ParamSpec[] {
  const { bias_term = true } = layer.convolution_param ?? layer.inner_product_param ?? {};
  return Array.from({ length: bias_term ? 2 : 1 }, (_, i) => ({
    ...param[i],
    lr_mult: FASTER * (param[i]?.lr_mult ?? 1),
  }));
}
