import { describe, expect, test } from "vitest";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import { LearningRate } from "../../../src/solvers/update/learning-rate.ts";
import {
  atIteration,
  checkSchedules,
  scheduleText,
} from "../../../src/solvers/update/schedules.ts";
import { silent } from "../../../src/util/log.ts";

const parse = (text: string) => parsePrototxt("SolverParameter", text);

describe("momentum and decay by their policies", () => {
  test.each([
    ["momentum: 0.5", 5, 0.01, [0.5, undefined]],
    ['momentum: 0.5 momentum_policy: "poly" max_momentum: 0.9', 5, 0.01, [0.7, undefined]],
    ['momentum: 0.5 momentum_policy: "poly" momentum_power: 2', 5, 0.01, [0.6225, undefined]],
    ['momentum: 0.5 momentum_policy: "opt"', 5, 0.01, [0.9025, undefined]],
    ['momentum_policy: "opt" max_momentum: 0.8', 5, 0.01, [0.8, undefined]],
    [
      'weight_decay: 0.1 weight_decay_policy: "poly" max_weight_decay: 0.3',
      5,
      0.01,
      [undefined, 0.2],
    ],
    [
      'weight_decay: 0.1 weight_decay_policy: "poly" weight_decay_power: 2',
      5,
      0.01,
      [undefined, 0.075],
    ],
    // Intel's warm-up: the velocity that was gained at the rate before counts as at this one.
    ["momentum: 0.9 base_lr: 1 warmup_iter: 4 warmup_start_lr: 0.2", 2, 0.6, [1.35, undefined]],
    ["momentum: 0.9 base_lr: 1 warmup_iter: 4 warmup_start_lr: 0.2", 0, 0.2, [0.9, undefined]],
    ["momentum: 0.9 base_lr: 1 warmup_iter: 4", 1, 0.25, [0.9, undefined]],
    ["momentum: 0.9 base_lr: 1 warmup_iter: 4 warmup_start_lr: 0.2", 4, 1, [0.9, undefined]],
  ])("%s at %i", (text, iter, rate, [momentum, decay]) => {
    const got = atIteration(parse(`max_iter: 10 ${text}`), iter, rate, true);
    expect([got.momentum ?? 0, got.weight_decay ?? 0]).toBeAllClose([momentum ?? 0, decay ?? 0], {
      rtol: 1e-6,
      atol: 0,
    });
  });

  test("the momentum of other rules than SGD stays", () => {
    const param = parse('momentum: 0.5 momentum_policy: "poly" max_iter: 10');
    expect(atIteration(param, 5, 0.1, false)).toBe(param);
  });

  test("a decay that falls to nothing is nothing", () => {
    const param = parse('weight_decay: 0.1 weight_decay_policy: "poly" max_iter: 10');
    expect(atIteration(param, 10, 0.1, true).weight_decay).toBe(0);
  });
});

test("the rate ramps up with the square, and the floor holds in it", () => {
  const text =
    'base_lr: 1 lr_policy: "exp" gamma: 0.5 rampup_interval: 4 rampup_lr: 0.2 min_lr: 0.21';
  const rate = new LearningRate(parse(text), "s.prototxt", silent);
  const rates = Array.from({ length: 6 }, (_, iter) => rate.take(iter));
  expect(rates).toBeAllClose([0.21, 0.25, 0.4, 0.65, 0.21, 0.21], { rtol: 1e-6, atol: 0 });
});

test("a momentum and a decay that change stand in the log behind the rate", () => {
  const text =
    'momentum: 0.5 momentum_policy: "poly" max_momentum: 0.9 weight_decay: 0.25 weight_decay_policy: "poly" max_iter: 10';
  expect(scheduleText(parse(text), 5, 0.01, true)).toBe(", m = 0.7, wd = 0.125");
  expect(scheduleText(parse(text), 5, 0.01, false)).toBe(", wd = 0.125");
  expect(scheduleText(parse("momentum: 0.5"), 5, 0.01, true)).toBe("");
});

test.each([
  ["warmup_iter: 1 rampup_interval: 1", "warmup_iter and rampup_interval are both given"],
  ["rampup_interval: -1", "rampup_interval is -1"],
  ['momentum_policy: "poly"', 'momentum_policy "poly" wants max_iter'],
  ['weight_decay_policy: "poly"', 'weight_decay_policy "poly" wants max_iter'],
])("%s is refused", (text, message) => {
  expect(() => checkSchedules(parse(text), "s.prototxt")).toThrow(message);
});
