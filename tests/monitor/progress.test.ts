import { expect, test } from "vitest";
import { clock, ProgressBar, progressText } from "../../src/monitor/progress.ts";

const facts = { iter: 50, maxIter: 200, smoothedLoss: 0.123456, perSecond: 10, batchSize: 64 };
const score = { name: "accuracy", last: 0.90625, best: 0.9375 };

test("the bar tells iteration, loss, score, the best, speed, images and the time left", () => {
  expect(progressText(facts, 100)).toMatch(
    /^\[█+·+\] {2}50\/200 {2}loss 0.1235 {2}10.0 it\/s {2}640 images\/s {2}ETA 0:15$/,
  );
  expect(progressText({ ...facts, score }, 140)).toContain(
    "loss 0.1235  accuracy 0.9063  best 0.9375  10.0 it/s",
  );
  expect(progressText({ ...facts, score: { ...score, best: undefined } }, 140)).not.toContain(
    "best",
  );
});

test("it is always narrower than the terminal, and leaves out first what matters least", () => {
  for (let columns = 1; columns < 200; columns++) {
    expect(progressText({ ...facts, score }, columns).length).toBeLessThan(columns);
  }
  expect(progressText({ ...facts, score }, 62)).toBe(
    "  50/200  loss 0.1235  accuracy 0.9063  best 0.9375  ETA 0:15",
  );
  expect(progressText({ ...facts, score }, 25)).toBe("  50/200  loss 0.1235");
});

test("a score's name that a terminal would obey, or that is long, does no harm", () => {
  const text = progressText(
    { ...facts, score: { ...score, name: "\x1b[2Jlonger than anything" } },
    140,
  );
  expect(text).not.toContain("\x1b");
  expect(text).toContain("longer t… 0.9063");
});

test("times are written as clocks write them", () => {
  expect([0, 59.6, 61, 3723].map(clock)).toEqual(["0:00", "1:00", "1:01", "1:02:03"]);
});

/** A bar, what was written, and a terminal whose width may change. */
function drawn(): { bar: ProgressBar; terminal: { columns: number; screen: string } } {
  const terminal = {
    columns: 80,
    screen: "",
    write(text: string) {
      this.screen += text;
    },
  };
  return { bar: new ProgressBar(terminal, 0), terminal };
}

/** What a terminal obeys, in angle brackets. */
const visible = (text: string): string =>
  text
    .split("\x1b")
    .join("<")
    .replace(/<(\[\??\d*[a-zA-Z])/g, "<$1>");

const event = { loss: 1, smoothedLoss: 1, rate: 1, maxIter: 2 };
const solver = {
  watchedScore: { name: "accuracy", testNet: 0, mode: "max", best: 0.5, bestIter: 1 },
} as const;

test("lines are written above the bar, which is drawn again", () => {
  const { bar, terminal } = drawn();
  bar.above("a line\n");
  expect(terminal.screen).toBe("\r\x1b[Ka line\n");
  bar.onTest(1, new Map([["accuracy", 0.1]]), solver);
  bar.onTest(0, new Map([["accuracy", 0.25]]), solver);
  bar.onIteration({ ...event, iter: 1 }, solver);
  bar.onIteration({ ...event, iter: 2 }, solver);
  expect(terminal.screen).toContain("2/2  loss 1.000  accuracy 0.2500  best 0.5000");
  bar.onStop();
  expect(terminal.screen.endsWith("\n")).toBe(true);
});

test("a terminal that gets narrower loses the rows into which the bar has wrapped", () => {
  const { bar, terminal } = drawn();
  bar.resized();
  expect(terminal.screen).toBe("");
  bar.onIteration({ ...event, iter: 1 }, solver);
  bar.onIteration({ ...event, iter: 2 }, solver);
  Object.assign(terminal, { columns: 30, screen: "" });
  bar.resized();
  expect(visible(terminal.screen)).toMatch(/^<\[2A>\r<\[J>\r<\[K><\[\?7l>.{1,29}<\[\?7h>$/);
  Object.assign(terminal, { columns: 120, screen: "" });
  bar.resized();
  expect(visible(terminal.screen)).toMatch(/^\r<\[J>\r<\[K>/);
});
