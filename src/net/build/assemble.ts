import { referenceOf } from "../../engines/choose.ts";
import { defaultEngines } from "../../engines/create.ts";
import type { Engine } from "../../engines/engine.ts";
import type { NetParameter } from "../../io/proto/caffe.ts";
import { keepSource, sourceOf } from "../../io/proto/source.ts";
import { printPrototxt } from "../../io/text/prototxt.ts";
import { netParameterOf } from "../../io/text/read-net.ts";
import type { InnerNet } from "../../layers/base/layer.ts";
import { LayerRegistry } from "../../layers/registry.ts";
import { type Log, logOf, silent } from "../../util/log.ts";
import { checkOptions } from "../../util/options.ts";
import { chosenSeed } from "../../util/seed.ts";
import { type NetOptions, netOptions, withInference } from "../options.ts";
import { alignCrops } from "./align-crops.ts";
import { type BuiltNet, buildNet } from "./build.ts";
import { located } from "./error-context.ts";
import { insertSplits } from "./insert-splits.ts";
import { planBytes } from "./plan-bytes.ts";
import { planPrecision } from "./precision.ts";
import { filterByState, mergeStates } from "./state.ts";

/** A net set up, before it runs. */
interface Assembled {
  /** What was built: filtered, with its splits. */
  readonly param: NetParameter;
  /** The same as a file would say it: without splits and weights. */
  readonly written: NetParameter;
  readonly phase: "TRAIN" | "TEST";
  readonly debugInfo: boolean;
  /** It has no backward: layers multiply bytes. */
  readonly isForwardOnly: boolean;
  readonly built: BuiltNet;
  /** The engine that has every primitive. */
  readonly reference: Engine;
  readonly log: Log;
}

/**
 * From a net's file or parameter to layers that are set up: filter by state, insert splits, build.
 *
 * @param makeInner makes the nets that layers are made of
 * @throws NetError, LayerError, EngineError where that cannot be done; nothing is left open then
 */
export function assemble(
  source: string | NetParameter,
  options: NetOptions,
  makeInner: (param: NetParameter, options: NetOptions) => InnerNet,
): Assembled {
  checkOptions("Net", options, netOptions);
  const { weights, engines = defaultEngines(), ...given } = withInference(options);
  const log = logOf(options);
  const param = withForce(netParameterOf(source, log), options.forceBackward ?? false);
  const state = mergeStates(param.state, {
    ...(options.phase !== undefined && { phase: options.phase }),
    ...(options.level !== undefined && { level: options.level }),
    ...(options.stages !== undefined && { stage: [...options.stages] }),
  });
  const { phase } = state;
  const dtype = options.dtype ?? "f32";
  // Memory of an inner net is not given up: the layer around it reads all that it computes.
  const shared = { sharesMemory: false, forInference: false, forceBackward: false } as const;
  const inner: NetOptions = { ...given, engines, log, phase, level: 0, stages: [], ...shared };
  return located(param, () => {
    const registry = options.registry ?? new LayerRegistry();
    const filtered = alignCrops(filterByState(param, state, log), registry);
    const { level, stages } = state;
    const written = { ...withoutBlobs(filtered), state: { phase, level, stage: [...stages] } };
    if (log !== silent) {
      const text = printPrototxt("NetParameter", written);
      log("info", "net", `Initializing net from parameters: \n${text}`);
    }
    const split = insertSplits(filtered, log);
    const file = sourceOf(param)?.file;
    const ofFloats = dtype === "f64" ? ([referenceOf(engines)] as const) : engines;
    const enginesOf = planPrecision(filtered, ofFloats, options, log);
    const ofBytes = planBytes(split, ofFloats, registry, { phase, dtype }, log);
    const built = buildNet(split, {
      ...given,
      ...(file !== undefined && { file }),
      enginesOf: (layer, Class) => ofBytes.get(layer) ?? enginesOf(layer, Class),
      phase,
      seed: options.seed ?? chosenSeed() ?? 1,
      dtype,
      log,
      registry,
      buildNet: (one) => makeInner(one, inner),
      fillsLater: weights !== undefined,
    });
    const debugInfo = param.debug_info ?? false;
    const isForwardOnly = ofBytes.size > 0;
    const whole = { param: split, written, phase, debugInfo, built, isForwardOnly };
    return { ...whole, reference: referenceOf(engines), log };
  });
}

/** The net, with gradients of its inputs too if asked for. */
function withForce(param: NetParameter, isForced: boolean): NetParameter {
  return isForced ? keepSource(param, { ...param, force_backward: true }) : param;
}

/** The net without weights that its prototxt may hold: too much for a log. */
function withoutBlobs(param: NetParameter): NetParameter {
  return { ...param, layer: (param.layer ?? []).map(({ blobs: _blobs, ...layer }) => layer) };
}
