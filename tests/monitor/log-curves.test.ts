import { expect, test } from "vitest";
import { readLogCurves } from "../../src/monitor/log-curves.ts";
import { chartSvg } from "../../src/plot/chart.ts";
import { chartKinds, logChart, logNames } from "../../src/plot/log-charts.ts";

const LOG = `Log file created at: 2020/12/31 23:59:50
I1231 23:59:58.000000 25210 solver.cpp:279] Solving LeNet
I1231 23:59:58.500000 25210 solver.cpp:341] Iteration 0, Testing net (#0)
I1231 23:59:59.000000 25210 solver.cpp:409]     Test net output #0: accuracy = 0.0986
I1231 23:59:59.000000 25210 solver.cpp:409]     Test net output #1: loss = 2.33 (* 1 = 2.33 loss)
I1231 23:59:59.250000 25210 solver.cpp:237] Iteration 0 (-1.4e-45 iter/s, 0s/100 iters), loss = 2.29
I1231 23:59:59.250000 25210 solver.cpp:253]     Train net output #0: loss = 2.29 (* 1 = 2.29 loss)
I1231 23:59:59.250000 25210 sgd_solver.cpp:106] Iteration 0, lr = 1e-02
I0101 00:00:08.000000 25210 solver.cpp:237] Iteration 50 (2.25 iter/s, 21.2s/48 iter), loss = nan
I0101 00:00:08.000000 25210 sgd_solver.cpp:106] Iteration 50, lr = 0.0001, m = 0.9, wd = 0.0004, gs = 1
I0101 00:00:09.000000 25210 solver.cpp:237] Iteration 60, loss = -inf
`;

test("a log of BVLC's or NVIDIA's Caffe is read, over a new year", () => {
  const curves = readLogCurves(LOG);
  expect(curves.trainLoss.points).toEqual([
    { iteration: 0, seconds: 1.25, value: 2.29 },
    { iteration: 50, seconds: 10, value: Number.NaN },
    { iteration: 60, seconds: 11, value: Number.NEGATIVE_INFINITY },
  ]);
  expect(curves.learningRate.points.map(({ value }) => value)).toEqual([0.01, 0.0001]);
  expect([...curves.testOutputs.keys()]).toEqual(["accuracy", "loss"]);
  expect(curves.testOutputs.get("accuracy")?.points).toEqual([
    { iteration: 0, seconds: 1, value: 0.0986 },
  ]);
  expect(curves.trainOutputs.get("loss")?.points).toHaveLength(1);
  expect(readLogCurves("").trainLoss.points).toEqual([]);
});

test("the kinds of chart: Caffe's eight by their numbers, and both losses on one", () => {
  expect(chartKinds).toEqual([
    "Test accuracy vs. Iters",
    "Test accuracy vs. Seconds",
    "Test loss vs. Iters",
    "Test loss vs. Seconds",
    "Train learning rate vs. Iters",
    "Train learning rate vs. Seconds",
    "Train loss vs. Iters",
    "Train loss vs. Seconds",
    "Train and test loss vs. Iters",
    "Train and test loss vs. Seconds",
  ]);
  const curves = readLogCurves(LOG);
  const chart = (kind: number): [string, unknown][] =>
    logChart([{ name: "run", curves }], kind).series.map(({ label, points }) => [label, points]);
  expect(chart(0)).toEqual([["accuracy", [[0, 0.0986]]]]);
  expect(chart(3)).toEqual([["loss", [[1, 2.33]]]]);
  expect(chart(4)).toEqual([
    [
      "run",
      [
        [0, 0.01],
        [50, 0.0001],
      ],
    ],
  ]);
  expect(chart(8).map(([label]) => label)).toEqual(["train loss", "test loss"]);
  const axes = chartKinds.map((_, kind) => logChart([{ name: "run", curves }], kind).yLabel);
  expect(axes.filter((_, kind) => kind % 2 === 0)).toEqual([
    "test accuracy",
    "test loss",
    "learning rate",
    "loss",
    "loss",
  ]);
  const two = logChart(
    ["a", "b"].map((name) => ({ name, curves })),
    0,
  );
  expect(two.series.map(({ label }) => label)).toEqual(["a accuracy", "b accuracy"]);
});

test("logs are told apart by as much of their paths as it takes", () => {
  expect(logNames(["train.log"])).toEqual(["train"]);
  expect(logNames(["runs/a/train.log", "runs/b/train.log"])).toEqual(["a/train", "b/train"]);
  expect(logNames(["a/x/train.log", "b/x/train.log", "b/test.log"])).toEqual([
    "a/x/train",
    "b/x/train",
    "test",
  ]);
  expect(logNames(["train.log", "./train.log", "train.txt"])).toEqual([
    "train.log",
    "train.log",
    "train.txt",
  ]);
  expect(logNames([])).toEqual([]);
});

test("a chart leaves a gap where a value is no number, and escapes what it writes", () => {
  const svg = chartSvg({
    title: "a < b & c",
    xLabel: "x",
    yLabel: "y",
    series: [
      {
        label: "one",
        points: [
          [0, 1],
          [1, 2],
          [2, Number.NaN],
          [3, 4],
          [4, 4],
        ],
      },
    ],
  });
  expect(svg).toContain("a &lt; b &amp; c");
  const [line = ""] = /d="M[^"]*" fill="none" stroke="#1f77b4"/.exec(svg) ?? [];
  expect(line.match(/M/g)).toHaveLength(2);
  const flat = {
    title: "",
    xLabel: "",
    yLabel: "",
    series: [{ label: "", points: [[0, 5]] as const }],
  };
  expect(chartSvg(flat)).not.toContain("NaN");
  expect(chartSvg({ ...flat, series: [] })).not.toContain("NaN");
  const rates = [{ label: "lr", points: [[0, 0.1] as const, [1, 0.0001] as const] }];
  expect(chartSvg({ ...flat, series: rates, isLog: true })).toContain("100");
  const doublings = [1, 32, 1024].map((x) => [x, 1] as const);
  const across = chartSvg({ ...flat, series: [{ label: "", points: doublings }], isXLog: true });
  const [, ...places] = /M(\d+),.*L(\d+),.*L(\d+),/.exec(across) ?? [];
  const [left = 0, middle = 0, right = 0] = places.map(Number);
  expect(middle - left).toBe(right - middle);
  expect(middle).toBeGreaterThan(left);
  // Nothing has no logarithm.
  expect(chartSvg({ ...flat, isXLog: true })).not.toContain("NaN");
});
