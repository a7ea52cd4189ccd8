import { describe, expect, test } from "vitest";
import { parsePrototxt } from "../../../src/io/text/prototxt.ts";
import { LearningRate } from "../../../src/solvers/update/learning-rate.ts";
import { learningRatePolicies, learningRatePolicy } from "../../../src/solvers/update/lr-policy.ts";
import { silent } from "../../../src/util/log.ts";

const parse = (text: string) => parsePrototxt("SolverParameter", text);
const rateOf = (text: string, log = silent) => new LearningRate(parse(text), "s.prototxt", log);
/** The rates of the first iterations, each update done. */
const rates = (rate: LearningRate, count: number): number[] =>
  Array.from({ length: count }, (_, iter) => rate.take(iter));

describe("each policy by its formula", () => {
  test.each([
    ['lr_policy: "fixed"', 30, 0.5],
    ['lr_policy: "step" gamma: 0.1 stepsize: 10', 25, 0.005],
    ['lr_policy: "exp" gamma: 0.9', 2, 0.405],
    ['lr_policy: "inv" gamma: 0.5 power: 2', 2, 0.125],
    ['lr_policy: "poly" power: 2 max_iter: 10', 5, 0.125],
    ['lr_policy: "poly" power: 1 max_iter: 10 min_lr: 0.1', 5, 0.3],
    ['lr_policy: "sigmoid" gamma: 1 stepsize: 4', 4, 0.25],
    ['lr_policy: "sigmoid" gamma: -0.5 stepsize: 3', 0, 0.5 / (1 + Math.exp(-1.5))],
    ['lr_policy: "sigmoid" gamma: -0.5 stepsize: 3', 5, 0.5 / (1 + Math.exp(1))],
    ['lr_policy: "cosine" max_iter: 10', 0, 0.5],
    ['lr_policy: "cosine" max_iter: 10 min_lr: 0.1', 5, 0.3],
    ['lr_policy: "cosine" max_iter: 10 min_lr: 0.1', 10, 0.1],
    ['lr_policy: "cosine" max_iter: 12 warmup_iter: 2', 7, 0.25],
    ['lr_policy: "multifixed" stagelr: [0.3, 0.2] stageiter: [4, 9]', 4, 0.3],
    ['lr_policy: "multifixed" stagelr: [0.3, 0.2] stageiter: [4, 9]', 5, 0.2],
    ['lr_policy: "multifixed" stagelr: [0.3, 0.2] stageiter: [4, 9]', 99, 0.2],
  ])("%s at %i", (text, iter, rate) => {
    // Fractions in a prototxt are single-precision numbers.
    expect([rateOf(`base_lr: 0.5 ${text}`).at(iter)]).toBeAllClose([rate], { rtol: 1e-7, atol: 0 });
  });

  test("every policy is tested here or below", () => {
    expect(Object.keys(learningRatePolicies)).toEqual(
      "fixed step exp inv multistep poly sigmoid plateau multifixed cosine".split(" "),
    );
  });
});

test("multistep takes one step an update, as Caffe does where stepvalues coincide", () => {
  const said: string[] = [];
  const rate = rateOf(
    'base_lr: 1 lr_policy: "multistep" gamma: 0.5 stepvalue: [2, 2, 5]',
    (_severity, _source, message) => said.push(message),
  );
  expect(rates(rate, 7)).toEqual([1, 1, 0.5, 0.25, 0.25, 0.125, 0.125]);
  expect(rate.currentStep).toBe(3);
  expect(said).toEqual([
    "MultiStep Status: Iteration 2, step = 1",
    "MultiStep Status: Iteration 3, step = 2",
    "MultiStep Status: Iteration 5, step = 3",
  ]);
});

test("asking for the coming rate changes nothing", () => {
  const rate = rateOf('base_lr: 1 lr_policy: "multistep" gamma: 0.5 stepvalue: [0, 0]');
  expect([rate.at(0), rate.at(0), rate.take(0), rate.at(1)]).toEqual([0.5, 0.5, 0.5, 0.25]);
});

test("step keeps Caffe's current_step", () => {
  const rate = rateOf('base_lr: 1 lr_policy: "step" gamma: 0.5 stepsize: 2');
  expect(rates(rate, 5)).toEqual([1, 1, 0.5, 0.5, 0.25]);
  expect(rate.currentStep).toBe(2);
});

test("plateau lowers the rate where nothing has improved for a window", () => {
  const said: string[] = [];
  const rate = rateOf(
    'base_lr: 1 lr_policy: "plateau" gamma: 0.1 plateau_winsize: [3, 2]',
    (_severity, _source, message) => said.push(message),
  );
  // The last improvement is in iteration 1.
  const seen = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((iter) => rate.take(iter, Math.min(iter, 1)));
  expect(seen).toBeAllClose([1, 1, 1, 1, 0.1, 0.1, 0.01, 0.01, 0.01]);
  expect(said).toEqual([
    "Plateau Status: Iteration 4, step = 1",
    "Plateau Status: Iteration 6, step = 2",
  ]);
});

test("the rate warms up in a line, and never falls below min_lr", () => {
  const warm = rateOf('base_lr: 1 lr_policy: "exp" gamma: 0.5 warmup_iter: 4 warmup_start_lr: 0.2');
  expect(rates(warm, 6)).toBeAllClose([0.2, 0.4, 0.6, 0.8, 0.0625, 0.03125]);
  const floor = rateOf('base_lr: 1 lr_policy: "exp" gamma: 0.5 min_lr: 0.3');
  expect(rates(floor, 4)).toBeAllClose([1, 0.5, 0.3, 0.3]);
});

describe("what is missing or useless is said", () => {
  test.each([
    ["base_lr: 1", "s.prototxt: no lr_policy"],
    ['lr_policy: "fixd" base_lr: 1', 'Unknown learning rate policy: fixd. Did you mean "fixed"?'],
    ['lr_policy: "step" gamma: 1 base_lr: 1', 'lr_policy "step" wants stepsize'],
    ['lr_policy: "step" gamma: 1 base_lr: 1 stepsize: 0', "wants stepsize 1 or more, received 0"],
    ['lr_policy: "plateau" gamma: 1 base_lr: 1', "wants plateau_winsize, and there is none"],
    [
      'lr_policy: "plateau" gamma: 1 base_lr: 1 plateau_winsize: [3, 0]',
      "plateau_winsize is 0. Expected 1 iteration or more each time",
    ],
    ['lr_policy: "exp" gamma: -1 base_lr: 1', "gamma is -1. Expected 0 or more"],
    ['lr_policy: "exp" gamma: nan base_lr: 1', "gamma is NaN. Expected 0 or more"],
    ['lr_policy: "multifixed" stagelr: 1 stageiter: [1, 2]', "1 stagelr and 2 stageiter"],
    ['lr_policy: "fixed" base_lr: 1 warmup_iter: -2', "warmup_iter is -2"],
    ['lr_policy: "fixed"', "no base_lr"],
  ])("%s", (text, message) => {
    expect(() => learningRatePolicy(parse(text), "s.prototxt")).toThrow(message);
  });
});
