// What the page makes of a run's events, and the charts that it lays them on.
import { describe, expect, test } from "vitest";
import { addEvents, emptyHistory, type History, secondsLeft } from "../src/state/history.ts";
import { scoreCharts } from "../src/views/curve-lines.ts";
import { madeUpEvents } from "./made-up-run.ts";

function historyUntil(iter: number): History {
  const history = emptyHistory();
  addEvents(history, madeUpEvents(iter));
  return history;
}

describe("a history", () => {
  test("counts events and holds every curve", () => {
    const history = historyUntil(2000);
    expect(history.length).toBe(madeUpEvents(2000).length);
    expect(history.loss.iter.length).toBe(101);
    expect(history.last?.iter).toBe(2000);
    expect([...history.scores.keys()]).toEqual(["accuracy", "loss"]);
    expect(history.scores.get("accuracy")?.iter).toEqual([0, 500, 1000, 1500, 2000]);
    expect(history.snapshots).toMatchObject([{ iter: 2000, state: "lenet_iter_2000.solverstate" }]);
  });

  test("knows the best score, by the side on which better lies", () => {
    const { best, scores } = historyUntil(2000);
    const values = scores.get("accuracy")?.value.map(Number) ?? [];
    expect(best?.value).toBe(Math.max(...values));
  });

  test("holds what is no number as a gap", () => {
    const history = historyUntil(0);
    const [event] = madeUpEvents(0).filter(({ type }) => type === "train");
    if (event?.type === "train") addEvents(history, [{ ...event, iter: 20, loss: "NaN" }]);
    expect(history.loss.value.at(-1)).toBeNull();
  });

  test("tells the time left by the pace of late, and nothing once the run has ended", () => {
    const history = historyUntil(2000);
    const { maxIter = 0, time = 0 } = history.start ?? {};
    const [from, to] = [history.loss.time[0] ?? 0, history.loss.time.at(-1) ?? 0];
    expect(from).toBeGreaterThanOrEqual(time);
    expect(secondsLeft(history)).toBeCloseTo(((to - from) / 2_000_000) * (maxIter - 2000), 6);
    expect(secondsLeft(historyUntil(0))).toBeNaN();
    addEvents(history, [{ type: "stop", iter: 2000, time: to, reason: "done" }]);
    expect(secondsLeft(history)).toBeNaN();
  });

  test("takes back what is told once more from an earlier iteration", () => {
    const history = historyUntil(1000);
    addEvents(history, [{ type: "test", iter: 500, time: 9, net: 0, scores: { accuracy: 0.5 } }]);
    expect(history.scores.get("accuracy")?.iter).toEqual([0, 500, 500]);
    expect(history.scores.get("accuracy")?.value.at(-1)).toBe(0.5);
  });
});

describe("charts", () => {
  const style = { smoothing: 0.6, isByTime: false };

  test("lay a test's loss beside that of training, and scores on charts of their own", () => {
    const run = { name: "a", colour: "c0", history: historyUntil(1000) };
    const charts = scoreCharts([run], style);
    expect(charts.map(({ title }) => title)).toEqual(["Loss", "accuracy"]);
    expect(charts[0]?.lines.map(({ name }) => name)).toEqual(["train", "train", "test"]);
  });

  test("tell runs apart by name and colour, and lay them over hours", () => {
    const runs = ["a", "b"].map((name, i) => ({
      ...{ name, colour: `c${i}`, history: historyUntil(1000) },
    }));
    const [loss] = scoreCharts(runs, { smoothing: 0, isByTime: true });
    expect(loss?.lines.map(({ name, colour }) => `${name} ${colour}`)).toEqual([
      ...["a train c0", "a test c0", "b train c1", "b test c1"],
    ]);
    expect(loss?.lines[0]?.x.at(-1)).toBeCloseTo((1000 * 21) / 3_600_000, 9);
  });
});
