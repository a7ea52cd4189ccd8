import type { LayerParameter, NetParameter, NetState, NetStateRule } from "../../io/proto/caffe.ts";
import { NetError } from "../../util/errors.ts";
import type { Log } from "../../util/log.ts";

/** The state that `include` and `exclude` rules are matched against, complete. */
export interface ResolvedState {
  readonly phase: "TRAIN" | "TEST";
  readonly level: number;
  readonly stages: readonly string[];
}

/** Merges states, later ones winning field by field and their stages added. */
export function mergeStates(...states: readonly (NetState | undefined)[]): ResolvedState {
  let phase: ResolvedState["phase"] = "TEST";
  let level = 0;
  const stages: string[] = [];
  for (const state of states) {
    phase = state?.phase ?? phase;
    level = state?.level ?? level;
    stages.push(...(state?.stage ?? []));
  }
  return { phase, level, stages };
}

/**
 * The net with only the layers that its state admits.
 *
 * A layer without include rules is kept unless an exclude rule matches; one with include rules is kept
 * if any of them matches. Inside a rule every condition must hold.
 *
 * @throws NetError where a layer has both kinds of rule
 * @see Caffe's Net::FilterNet
 */
export function filterByState(param: NetParameter, state: ResolvedState, log: Log): NetParameter {
  return { ...param, layer: (param.layer ?? []).filter((layer) => isAdmitted(layer, state, log)) };
}

function isAdmitted(layer: LayerParameter, state: ResolvedState, log: Log): boolean {
  const include = layer.include ?? [];
  const exclude = layer.exclude ?? [];
  if (include.length > 0 && exclude.length > 0) {
    throw new NetError(
      `layer "${layer.name ?? ""}": it has include rules and exclude rules. Expected one kind; write what one means into the other.`,
    );
  }
  const matches = (rule: NetStateRule): boolean => {
    const broken = brokenCondition(rule, state, layer.name ?? "");
    if (broken) log("info", "net", broken);
    return broken === undefined;
  };
  return include.length > 0 ? include.some(matches) : !exclude.some(matches);
}

/** Caffe's words for the first condition of the rule that the state does not meet. */
function brokenCondition(
  rule: NetStateRule,
  state: ResolvedState,
  layer: string,
): string | undefined {
  const phaseNumber = (phase: string): number => (phase === "TRAIN" ? 0 : 1);
  if (rule.phase !== undefined && rule.phase !== state.phase) {
    return `The NetState phase (${phaseNumber(state.phase)}) differed from the phase (${phaseNumber(rule.phase)}) specified by a rule in layer ${layer}`;
  }
  if (rule.min_level !== undefined && state.level < rule.min_level) {
    return `The NetState level (${state.level}) is below the min_level (${rule.min_level}) specified by a rule in layer ${layer}`;
  }
  if (rule.max_level !== undefined && state.level > rule.max_level) {
    return `The NetState level (${state.level}) is above the max_level (${rule.max_level}) specified by a rule in layer ${layer}`;
  }
  for (const stage of rule.stage ?? []) {
    if (!state.stages.includes(stage)) {
      return `The NetState did not contain stage '${stage}' specified by a rule in layer ${layer}`;
    }
  }
  for (const stage of rule.not_stage ?? []) {
    if (state.stages.includes(stage)) {
      return `The NetState contained a not_stage '${stage}' specified by a rule in layer ${layer}`;
    }
  }
  return undefined;
}
