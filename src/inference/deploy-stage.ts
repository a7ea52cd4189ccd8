import type { LayerParameter, NetParameter } from "../io/proto/caffe.ts";
import { keepSource } from "../io/proto/source.ts";
import { LayerRegistry } from "../layers/registry.ts";
import { filterByState, mergeStates } from "../net/build/state.ts";
import { silent } from "../util/log.ts";

/** The stage in which a net of one file for all phases is used, as NVIDIA's DIGITS has it. */
const STAGE = "deploy";

/** Whether a net has layers that are there in use alone, or are not there then: `include { stage: "deploy" }`. */
export function hasDeployStage({ layer = [] }: NetParameter): boolean {
  return layer.some(({ include = [], exclude = [] }) =>
    [...include, ...exclude].some(
      ({ stage = [], not_stage = [] }) => stage.includes(STAGE) || not_stage.includes(STAGE),
    ),
  );
}

/**
 * A net of one file for all phases in the state of its use: stage "deploy" is on, and an Input that says nothing of how images
 * are prepared has it from the layer that reads them for tests. Any other net as it is.
 */
export function withDeployStage(net: NetParameter, registry = new LayerRegistry()): NetParameter {
  if (!hasDeployStage(net)) return net;
  const tested = filterByState(net, mergeStates(net.state, { phase: "TEST" }), silent);
  const roleOf = ({ type = "" }: LayerParameter): string => registry.roleOf(type);
  const prepared = tested.layer?.find(
    (layer) => roleOf(layer) === "source" && layer.transform_param,
  )?.transform_param;
  const layer = (net.layer ?? []).map((one) =>
    roleOf(one) === "input" && prepared && !one.transform_param
      ? keepSource(one, { ...one, transform_param: prepared })
      : one,
  );
  const stage = [...(net.state?.stage ?? []), STAGE];
  return keepSource(net, { ...net, layer, state: { ...net.state, stage } });
}
