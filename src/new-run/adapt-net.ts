import type { LayerParameter, NetParameter, ParamSpec } from "../io/proto/caffe.ts";
import type { BaseModel, RunTask } from "./base-model.ts";
import { withBatchNorm, withShortAverages } from "./batch-norm.ts";
import { classifierFor } from "./classifier-net.ts";
import { detectorFor } from "./detector-net.ts";
import type { FormedNet, NetForm } from "./formed-net.ts";
import { hasBatchNorm, learns } from "./layer-kinds.ts";
import { segmenterFor } from "./segmenter-net.ts";

/** How many times as fast a layer learns that begins anew among those that go on from weights. */
const FASTER = 10;

/** What a model is to be made for. */
interface Adaptation extends NetForm {
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
  /** Names of the layers that give scores of classes. */
  readonly scores: ReadonlySet<string>;
}

const FORMS: Readonly<Record<RunTask, (net: NetParameter, form: NetForm) => FormedNet>> = {
  classification: classifierFor,
  detection: detectorFor,
  segmentation: segmenterFor,
};

/** A model for other classes and another size of images: as `classifierFor`, `detectorFor` or `segmenterFor` makes it. */
export function adaptModel(model: BaseModel, adaptation: Adaptation): AdaptedNets {
  const { normalized, pools, renamed = new Map<string, string>() } = adaptation;
  const form = FORMS[model.task];
  const [train, deploy] = [model.trainVal, model.deploy].map((param) => {
    const { net, scores, heads } = form(withWholePools(param, pools), {
      ...adaptation,
      isAnew: normalized,
    });
    const whole = normalized && !hasBatchNorm(net) ? withBatchNorm(net, heads) : net;
    return { net: renameLayers(withShortAverages(whole), renamed), scores };
  });
  return {
    trainVal: train?.net ?? {},
    deploy: deploy?.net ?? {},
    scores: train?.scores ?? new Set(),
  };
}

/** The net with these poolings of the whole of their bottoms. */
function withWholePools(net: NetParameter, pools: ReadonlySet<string>): NetParameter {
  const layer = (net.layer ?? []).map(
    (one): LayerParameter =>
      pools.has(one.name ?? "")
        ? { ...one, pooling_param: { pool: "AVE", global_pooling: true } }
        : one,
  );
  return { ...net, layer };
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
    if (name === undefined) return { ...one, ...tops };
    return { ...one, ...tops, name, ...(learns(one) && { param: faster(one) }) };
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
