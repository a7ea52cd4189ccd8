import { describe, expect, test } from "vitest";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import { filterByState, mergeStates, type ResolvedState } from "../../../src/net/build/state.ts";
import { keptLog } from "../../support/nets.ts";

const state = (more: Partial<ResolvedState> = {}): ResolvedState => ({
  phase: "TRAIN",
  level: 0,
  stages: [],
  ...more,
});

/** Whether a layer with these rules stays, and what the log says about it. */
function admits(rules: string, of: ResolvedState): { isKept: boolean; lines: string[] } {
  const { log, lines } = keptLog();
  const net = parsePrototxt("NetParameter", `layer { name: "l" type: "Silence" ${rules} }`);
  return { isKept: filterByState(net, of, log).layer?.length === 1, lines };
}

describe("mergeStates", () => {
  test("is TEST, level 0, no stages where nobody says more", () => {
    expect(mergeStates()).toEqual({ phase: "TEST", level: 0, stages: [] });
    expect(mergeStates(undefined, {})).toEqual({ phase: "TEST", level: 0, stages: [] });
  });

  test("lets later states win, and adds their stages", () => {
    expect(
      mergeStates({ phase: "TRAIN", level: 3, stage: ["a"] }, { level: 2, stage: ["b"] }),
    ).toEqual({ phase: "TRAIN", level: 2, stages: ["a", "b"] });
  });
});

describe("filterByState", () => {
  test.each([
    ["no rules: it stays", "", state(), true],
    ["an include rule that holds", "include { phase: TRAIN }", state(), true],
    ["an include rule that does not", "include { phase: TEST }", state(), false],
    [
      "one of several include rules",
      "include { phase: TEST } include { min_level: 1 }",
      state({ level: 1 }),
      true,
    ],
    [
      "an include rule whose conditions hold in part",
      "include { phase: TRAIN min_level: 1 }",
      state(),
      false,
    ],
    ["an empty include rule", "include {}", state(), true],
    ["an exclude rule that holds", "exclude { phase: TRAIN }", state(), false],
    [
      "exclude rules of which one holds",
      "exclude { phase: TEST } exclude { max_level: 0 }",
      state(),
      false,
    ],
    [
      "exclude rules of which none holds",
      "exclude { phase: TEST } exclude { min_level: 1 }",
      state(),
      true,
    ],
    ["levels from min to max", "include { min_level: 1 max_level: 2 }", state({ level: 2 }), true],
    ["a level above max", "include { max_level: 2 }", state({ level: 3 }), false],
    ["a negative level", "include { min_level: -1 }", state({ level: -1 }), true],
    [
      "all of the stages",
      'include { stage: "a" stage: "b" }',
      state({ stages: ["b", "c", "a"] }),
      true,
    ],
    ["not all of the stages", 'include { stage: "a" stage: "b" }', state({ stages: ["a"] }), false],
    [
      "none of the not_stages",
      'include { not_stage: "a" not_stage: "b" }',
      state({ stages: ["c"] }),
      true,
    ],
    [
      "one of the not_stages",
      'include { not_stage: "a" not_stage: "b" }',
      state({ stages: ["b"] }),
      false,
    ],
  ])("%s", (_what, rules, of, isKept) => {
    expect(admits(rules, of).isKept).toBe(isKept);
  });

  test.each([
    [
      "phase: TEST",
      state(),
      "The NetState phase (0) differed from the phase (1) specified by a rule in layer l",
    ],
    [
      "min_level: 2",
      state(),
      "The NetState level (0) is below the min_level (2) specified by a rule in layer l",
    ],
    [
      "max_level: 2",
      state({ level: 3 }),
      "The NetState level (3) is above the max_level (2) specified by a rule in layer l",
    ],
    [
      'stage: "s"',
      state(),
      "The NetState did not contain stage 's' specified by a rule in layer l",
    ],
    [
      'not_stage: "s"',
      state({ stages: ["s"] }),
      "The NetState contained a not_stage 's' specified by a rule in layer l",
    ],
  ])("a rule that is broken by %s is logged", (rule, of, message) => {
    expect(admits(`include { ${rule} }`, of).lines).toEqual([`net] ${message}`]);
  });

  test("include and exclude rules in one layer are refused", () => {
    expect(() => admits("include { phase: TRAIN } exclude { phase: TEST }", state())).toThrow(
      'layer "l": it has include rules and exclude rules. Expected one kind',
    );
  });
});
